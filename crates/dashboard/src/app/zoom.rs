//! Zoom, pan, cursor and grouping of the charts.

use clip_lab_store::Axis;

use super::App;
use crate::{data::AxisRange, keys::ChartAction};
use clip_lab_chart::{
    figure::{GroupBy, View, scale_from_zero},
    layout::{Kind, Panel},
};

/// The zoom factor of one key press.
const ZOOM_FACTOR: f64 = 0.5;
/// The smallest zoomed range, as a share of the full range: below it, axis labels would not differ.
const MIN_ZOOM: f64 = 1e-9;

impl App {
    /// How to draw `panel`, at `index` of the current view, over `axis`.
    pub fn view_of(&self, index: usize, panel: &Panel, axis: Axis) -> View {
        let options = &self.chart_options;
        View {
            x: axis,
            y: self.form(panel),
            smooth: self.half_life(panel),
            band: options.band,
            full: options.all_values,
            seeds: options.seeds,
            range: options.range.filter(|range| range.axis == axis).map(|range| (range.low, range.high)),
            window: options.windows.get(&(self.view, index)).copied(),
            limits: self.chart(index).and_then(|chart| chart.limits),
        }
    }

    /// The cursor's position on `axis`.
    pub fn cursor(&self, axis: Axis) -> Option<f64> {
        self.chart_options.cursor.filter(|(of, _)| *of == axis).map(|(_, x)| x)
    }

    /// Executes an action on the charts.
    pub fn chart_action(&mut self, action: ChartAction) {
        match action {
            ChartAction::ZoomIn => self.zoom(ZOOM_FACTOR),
            ChartAction::ZoomOut => self.zoom(1.0 / ZOOM_FACTOR),
            ChartAction::ZoomInY => self.zoom_y(ZOOM_FACTOR),
            ChartAction::ZoomOutY => self.zoom_y(1.0 / ZOOM_FACTOR),
            ChartAction::Left => self.move_x(-1.0),
            ChartAction::Right => self.move_x(1.0),
            ChartAction::PanUp => self.pan_y(0.25),
            ChartAction::PanDown => self.pan_y(-0.25),
            ChartAction::Cursor => self.toggle_cursor(),
            ChartAction::Band => self.chart_options.band = self.chart_options.band.next(),
            ChartAction::AllValues => self.chart_options.all_values = !self.chart_options.all_values,
            ChartAction::Seeds => self.chart_options.seeds = !self.chart_options.seeds,
            ChartAction::Group => self.chart_options.by = self.next_group(),
        }
    }

    /// The axis of zoom and cursor: that of the focused chart, else of the first.
    fn axis(&self) -> Axis {
        let focused = self.panels().nth(self.focus).filter(|panel| panel.kind == Kind::Line);
        let panel = focused.or_else(|| self.panels().find(|panel| panel.kind == Kind::Line));
        self.x.or(panel.map(|panel| panel.x)).unwrap_or_default()
    }

    /// The unzoomed range of all charts over `axis`.
    fn full_range(&self, axis: Axis) -> AxisRange {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let charts = (0..self.panels().count()).filter_map(|panel| self.chart(panel));
        for bucket in charts.filter(|c| c.x == axis).flat_map(|c| &c.rows).flat_map(|(_, rows)| &rows.buckets)
        {
            (low, high) = (low.min(bucket.x0), high.max(bucket.x1));
        }
        let scale = scale_from_zero(low, high);
        AxisRange { axis, low: scale.low, high: scale.high }
    }

    /// The visible range of `axis`.
    fn visible_range(&self, axis: Axis) -> AxisRange {
        self.chart_options.range.filter(|range| range.axis == axis).unwrap_or_else(|| self.full_range(axis))
    }

    fn zoom(&mut self, factor: f64) {
        let axis = self.axis();
        let (full, shown) = (self.full_range(axis), self.visible_range(axis));
        let middle = self.cursor(axis).unwrap_or(shown.low / 2.0 + shown.high / 2.0);
        let (low, high) = (middle - (middle - shown.low) * factor, middle + (shown.high - middle) * factor);
        let min_width = (full.high - full.low) * MIN_ZOOM;
        // There is nothing between two steps.
        let min_width = if axis == Axis::Step { min_width.max(2.0) } else { min_width };
        if high - low >= full.high - full.low {
            self.chart_options.range = None;
        } else if high - low >= min_width && low.is_finite() && high.is_finite() {
            self.chart_options.range = Some(shifted_into(AxisRange { axis, low, high }, full));
        }
    }

    /// Moves the cursor if there is one, else pans.
    fn move_x(&mut self, steps: f64) {
        let axis = self.axis();
        let (full, shown) = (self.full_range(axis), self.visible_range(axis));
        let wide = shown.high - shown.low;
        match self.cursor(axis) {
            Some(x) => {
                let by = if axis == Axis::Step { (wide / 100.0).round().max(1.0) } else { wide / 100.0 };
                let x = (x + steps * by).clamp(full.low, full.high);
                self.chart_options.cursor = Some((axis, x));
                let off = (x - shown.high).max(0.0) + (x - shown.low).min(0.0);
                self.pan(shown, full, off);
            }
            None => self.pan(shown, full, steps * wide / 4.0),
        }
    }

    fn pan(&mut self, shown: AxisRange, full: AxisRange, by: f64) {
        if self.chart_options.range.is_some() && by != 0.0 {
            self.chart_options.range =
                Some(shifted_into(AxisRange { low: shown.low + by, high: shown.high + by, ..shown }, full));
        }
    }

    fn toggle_cursor(&mut self) {
        let axis = self.axis();
        let shown = self.visible_range(axis);
        let middle = shown.low / 2.0 + shown.high / 2.0;
        let middle = if axis == Axis::Step { middle.round() } else { middle };
        self.chart_options.cursor = if self.cursor(axis).is_some() { None } else { Some((axis, middle)) };
    }

    /// Zooms the vertical axis of the focused chart around its middle.
    fn zoom_y(&mut self, factor: f64) {
        let key = (self.view, self.focus);
        let (low, high) = self.chart_options.windows.get(&key).copied().unwrap_or((0.0, 1.0));
        let (middle, half) = (low / 2.0 + high / 2.0, (high - low) / 2.0 * factor);
        if half >= 0.5 {
            self.chart_options.windows.remove(&key);
        } else if half > 1e-6 {
            self.chart_options.windows.insert(key, (middle - half, middle + half));
        }
    }

    /// Pans the zoomed vertical axis of the focused chart.
    fn pan_y(&mut self, share: f64) {
        if let Some((low, high)) = self.chart_options.windows.get_mut(&(self.view, self.focus)) {
            let wide = *high - *low;
            *low = (*low + share * wide).clamp(-0.5, 1.5 - wide);
            *high = *low + wide;
        }
    }

    /// Toggles between single runs and groups by arm.
    fn next_group(&self) -> Option<GroupBy> {
        match self.by() {
            GroupBy::Run => Some(GroupBy::Arm),
            GroupBy::Arm | GroupBy::Setting(_) => Some(GroupBy::Run),
        }
    }

    /// How runs are grouped in the current view.
    pub fn by(&self) -> GroupBy {
        let first = || self.panels().find(|panel| panel.kind == Kind::Line && panel.group != GroupBy::Run);
        self.chart_options.by.clone().or_else(|| first().map(|panel| panel.group.clone())).unwrap_or_default()
    }
}

/// `part` shifted into `full`, at the same length.
fn shifted_into(part: AxisRange, full: AxisRange) -> AxisRange {
    let wide = part.high - part.low;
    let low = part.low.min(full.high - wide).max(full.low);
    AxisRange { low, high: low + wide, ..part }
}
