//! Zoom, pan, cursor and display options of the charts.

use std::collections::HashMap;

use clip_lab_store::Axis;

use super::app::App;
use crate::{
    figure::{Band, By, Form, View, reach},
    layout::{Kind, Panel},
};

/// The zoom factor of one key press.
const CLOSER: f64 = 0.5;
/// The smallest zoomed range, as a share of the whole: below it, axis labels would not differ.
const CLOSEST: f64 = 1e-9;

/// A range of a horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Which axis.
    pub axis: Axis,
    /// Its start.
    pub low: f64,
    /// Its end, greater than `low`.
    pub high: f64,
}

/// An action on the charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Zoom in on the horizontal axis.
    Closer,
    /// Zoom out of it.
    Farther,
    /// Zoom in on the vertical axis of the focused chart.
    Taller,
    /// Zoom out of it.
    Flatter,
    /// Move the cursor, or pan, to the left.
    Left,
    /// Move the cursor, or pan, to the right.
    Right,
    /// Pan a zoomed vertical axis up.
    Higher,
    /// Pan a zoomed vertical axis down.
    Lower,
    /// Show or hide the cursor.
    Cursor,
    /// Use the next kind of band.
    Band,
    /// Include outliers on the vertical axes, or exclude them.
    Full,
    /// Show or hide the individual runs of groups.
    Seeds,
    /// Group runs by arm, or show single runs.
    Group,
}

/// Chart options set by keys.
#[derive(Debug, Clone, Default)]
pub struct Lens {
    /// Overrides the form of all vertical axes.
    pub form: Option<Form>,
    /// The kind of band.
    pub band: Band,
    /// Whether vertical axes include outliers.
    pub full: bool,
    /// Whether the runs of a group are drawn too.
    pub seeds: bool,
    /// Overrides the grouping of the layout.
    pub by: Option<By>,
    /// The zoomed range of the horizontal axis.
    pub range: Option<Stretch>,
    /// The cursor: an axis and a value on it.
    pub cursor: Option<(Axis, f64)>,
    /// The zoomed part of the vertical axis, by view and panel.
    windows: HashMap<(usize, usize), (f64, f64)>,
}

impl Lens {
    /// Resets the vertical zoom of the panels of `view`, from index `panel` on.
    pub fn forget(&mut self, view: usize, panel: usize) {
        self.windows.retain(|(of, at), _| *of != view || *at < panel);
    }

    /// Labels of the options that differ from the defaults.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        words.extend(self.form.map(|form| format!("y: {}", form.name())));
        words.extend(self.by.as_ref().map(|by| format!("by: {}", by.name())));
        words.extend((self.band != Band::default()).then(|| format!("band: {}", self.band.name())));
        words.extend(self.full.then(|| "all values".to_string()));
        words.extend(self.seeds.then(|| "seeds".to_string()));
        words.extend((self.range.is_some() || !self.windows.is_empty()).then(|| "zoomed".to_string()));
        words
    }
}

impl App {
    /// How to draw `panel`, at `index` of the current view, over `axis`.
    pub fn view_of(&self, index: usize, panel: &Panel, axis: Axis) -> View {
        let lens = &self.lens;
        View {
            x: axis,
            y: self.form(panel),
            smooth: self.half_life(panel),
            band: lens.band,
            full: lens.full,
            seeds: lens.seeds,
            range: lens.range.filter(|range| range.axis == axis).map(|range| (range.low, range.high)),
            window: lens.windows.get(&(self.view, index)).copied(),
            limits: self.chart(index).and_then(|chart| chart.limits),
        }
    }

    /// The cursor's position on `axis`.
    pub fn cursor(&self, axis: Axis) -> Option<f64> {
        self.lens.cursor.filter(|(of, _)| *of == axis).map(|(_, x)| x)
    }

    /// Executes an action on the charts.
    pub fn look(&mut self, act: Act) {
        match act {
            Act::Closer => self.zoom(CLOSER),
            Act::Farther => self.zoom(1.0 / CLOSER),
            Act::Taller => self.stretch(CLOSER),
            Act::Flatter => self.stretch(1.0 / CLOSER),
            Act::Left => self.move_by(-1.0),
            Act::Right => self.move_by(1.0),
            Act::Higher => self.lift(0.25),
            Act::Lower => self.lift(-0.25),
            Act::Cursor => self.toggle_cursor(),
            Act::Band => self.lens.band = self.lens.band.next(),
            Act::Full => self.lens.full = !self.lens.full,
            Act::Seeds => self.lens.seeds = !self.lens.seeds,
            Act::Group => self.lens.by = self.next_group(),
        }
    }

    /// The axis of zoom and cursor: that of the focused chart, else of the first.
    fn axis(&self) -> Axis {
        let focused = self.panels().nth(self.focus).filter(|panel| panel.kind == Kind::Line);
        let panel = focused.or_else(|| self.panels().find(|panel| panel.kind == Kind::Line));
        self.x.or(panel.map(|panel| panel.x)).unwrap_or_default()
    }

    /// The unzoomed range of all charts over `axis`.
    fn whole(&self, axis: Axis) -> Stretch {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let charts = (0..self.panels().count()).filter_map(|panel| self.chart(panel));
        for bucket in charts.filter(|c| c.x == axis).flat_map(|c| &c.rows).flat_map(|(_, rows)| &rows.buckets)
        {
            (low, high) = (low.min(bucket.x0), high.max(bucket.x1));
        }
        let scale = reach(low, high);
        Stretch { axis, low: scale.low, high: scale.high }
    }

    /// The visible range of `axis`.
    fn in_sight(&self, axis: Axis) -> Stretch {
        self.lens.range.filter(|range| range.axis == axis).unwrap_or_else(|| self.whole(axis))
    }

    fn zoom(&mut self, factor: f64) {
        let axis = self.axis();
        let (whole, shown) = (self.whole(axis), self.in_sight(axis));
        let middle = self.cursor(axis).unwrap_or(shown.low / 2.0 + shown.high / 2.0);
        let (low, high) = (middle - (middle - shown.low) * factor, middle + (shown.high - middle) * factor);
        let least = (whole.high - whole.low) * CLOSEST;
        // There is nothing between two steps.
        let least = if axis == Axis::Step { least.max(2.0) } else { least };
        if high - low >= whole.high - whole.low {
            self.lens.range = None;
        } else if high - low >= least && low.is_finite() && high.is_finite() {
            self.lens.range = Some(inside(Stretch { axis, low, high }, whole));
        }
    }

    /// Moves the cursor if there is one, else pans.
    fn move_by(&mut self, steps: f64) {
        let axis = self.axis();
        let (whole, shown) = (self.whole(axis), self.in_sight(axis));
        let wide = shown.high - shown.low;
        match self.cursor(axis) {
            Some(x) => {
                let by = if axis == Axis::Step { (wide / 100.0).round().max(1.0) } else { wide / 100.0 };
                let x = (x + steps * by).clamp(whole.low, whole.high);
                self.lens.cursor = Some((axis, x));
                let off = (x - shown.high).max(0.0) + (x - shown.low).min(0.0);
                self.pan(shown, whole, off);
            }
            None => self.pan(shown, whole, steps * wide / 4.0),
        }
    }

    fn pan(&mut self, shown: Stretch, whole: Stretch, by: f64) {
        if self.lens.range.is_some() && by != 0.0 {
            self.lens.range =
                Some(inside(Stretch { low: shown.low + by, high: shown.high + by, ..shown }, whole));
        }
    }

    fn toggle_cursor(&mut self) {
        let axis = self.axis();
        let shown = self.in_sight(axis);
        let middle = shown.low / 2.0 + shown.high / 2.0;
        let middle = if axis == Axis::Step { middle.round() } else { middle };
        self.lens.cursor = if self.cursor(axis).is_some() { None } else { Some((axis, middle)) };
    }

    /// Zooms the vertical axis of the focused chart around its middle.
    fn stretch(&mut self, factor: f64) {
        let key = (self.view, self.focus);
        let (low, high) = self.lens.windows.get(&key).copied().unwrap_or((0.0, 1.0));
        let (middle, half) = (low / 2.0 + high / 2.0, (high - low) / 2.0 * factor);
        if half >= 0.5 {
            self.lens.windows.remove(&key);
        } else if half > 1e-6 {
            self.lens.windows.insert(key, (middle - half, middle + half));
        }
    }

    /// Pans the zoomed vertical axis of the focused chart.
    fn lift(&mut self, share: f64) {
        if let Some((low, high)) = self.lens.windows.get_mut(&(self.view, self.focus)) {
            let wide = *high - *low;
            *low = (*low + share * wide).clamp(-0.5, 1.5 - wide);
            *high = *low + wide;
        }
    }

    /// Toggles between single runs and groups by arm.
    fn next_group(&self) -> Option<By> {
        match self.by() {
            By::Run => Some(By::Arm),
            By::Arm | By::Setting(_) => Some(By::Run),
        }
    }

    /// How runs are grouped in the current view.
    pub fn by(&self) -> By {
        let first = || self.panels().find(|panel| panel.kind == Kind::Line && panel.group != By::Run);
        self.lens.by.clone().or_else(|| first().map(|panel| panel.group.clone())).unwrap_or_default()
    }
}

/// `part` shifted into `whole`, at the same length.
fn inside(part: Stretch, whole: Stretch) -> Stretch {
    let wide = part.high - part.low;
    let low = part.low.min(whole.high - wide).max(whole.low);
    Stretch { low, high: low + wide, ..part }
}
