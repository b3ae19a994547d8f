//! How the charts are looked at: zoom, cursor, bands, and what keys do to them.

use std::collections::HashMap;

use clip_lab_store::Axis;

use super::app::App;
use crate::{
    figure::{Band, By, Form, View, reach},
    layout::{Kind, Panel},
};

/// Zooming in shows this part of what was shown.
const CLOSER: f64 = 0.5;
/// No closer than this part of the whole: numbers beside the axis would not differ.
const CLOSEST: f64 = 1e-9;

/// A part of a horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Which axis.
    pub axis: Axis,
    /// Where it begins.
    pub low: f64,
    /// Where it ends, after its beginning.
    pub high: f64,
}

/// What a key asks of the charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Less of the horizontal axis.
    Closer,
    /// More of it.
    Farther,
    /// Less of the vertical axis of the focused chart.
    Taller,
    /// More of it.
    Flatter,
    /// The cursor, or what is shown, to the left.
    Left,
    /// The same to the right.
    Right,
    /// Higher values of a zoomed vertical axis.
    Higher,
    /// Lower ones.
    Lower,
    /// Show or hide the cursor.
    Cursor,
    /// The next kind of band.
    Band,
    /// Vertical axes with every value, or without the few that flatten the others.
    Full,
    /// The single runs of groups.
    Seeds,
    /// Runs by arm, or for themselves.
    Group,
}

/// What keys have changed on the charts.
#[derive(Debug, Clone, Default)]
pub struct Lens {
    /// The form of all vertical axes in place of the layout's.
    pub form: Option<Form>,
    /// What is shaded.
    pub band: Band,
    /// Whether vertical axes hold every value.
    pub full: bool,
    /// Whether the runs of a group are drawn too.
    pub seeds: bool,
    /// What makes runs a group, in place of the layout's choice.
    pub by: Option<By>,
    /// The part of the horizontal axis that all charts over it show.
    pub range: Option<Stretch>,
    /// The place on that axis whose values are read off.
    pub cursor: Option<(Axis, f64)>,
    /// The part of the vertical axis, by view and panel.
    windows: HashMap<(usize, usize), (f64, f64)>,
}

impl Lens {
    /// Forgets the vertical zoom of the panels of `view` from the one numbered `panel` on.
    pub fn forget(&mut self, view: usize, panel: usize) {
        self.windows.retain(|(of, at), _| *of != view || *at < panel);
    }

    /// What the keys have changed, in a few words each.
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
    /// How `panel`, numbered `index` in the view that is shown, is to be drawn over `axis`.
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

    /// Where the cursor stands on `axis`.
    pub fn cursor(&self, axis: Axis) -> Option<f64> {
        self.lens.cursor.filter(|(of, _)| *of == axis).map(|(_, x)| x)
    }

    /// Does what a key asks of the charts.
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

    /// The axis that zoom and cursor are of: that of the focused chart, else of the first.
    fn axis(&self) -> Axis {
        let focused = self.panels().nth(self.focus).filter(|panel| panel.kind == Kind::Line);
        let panel = focused.or_else(|| self.panels().find(|panel| panel.kind == Kind::Line));
        self.x.or(panel.map(|panel| panel.x)).unwrap_or_default()
    }

    /// All that any chart over `axis` shows, unzoomed.
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

    /// What is shown of `axis` now.
    fn in_sight(&self, axis: Axis) -> Stretch {
        self.lens.range.filter(|range| range.axis == axis).unwrap_or_else(|| self.whole(axis))
    }

    fn zoom(&mut self, factor: f64) {
        let axis = self.axis();
        let (whole, shown) = (self.whole(axis), self.in_sight(axis));
        let middle = self.cursor(axis).unwrap_or(shown.low / 2.0 + shown.high / 2.0);
        let (low, high) = (middle - (middle - shown.low) * factor, middle + (shown.high - middle) * factor);
        let least = (whole.high - whole.low) * CLOSEST;
        // On steps nothing lies between two of them.
        let least = if axis == Axis::Step { least.max(2.0) } else { least };
        if high - low >= whole.high - whole.low {
            self.lens.range = None;
        } else if high - low >= least && low.is_finite() && high.is_finite() {
            self.lens.range = Some(inside(Stretch { axis, low, high }, whole));
        }
    }

    /// Moves the cursor, or else what is shown, to the side.
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

    /// Moves the zoomed vertical axis of the focused chart.
    fn lift(&mut self, share: f64) {
        if let Some((low, high)) = self.lens.windows.get_mut(&(self.view, self.focus)) {
            let wide = *high - *low;
            *low = (*low + share * wide).clamp(-0.5, 1.5 - wide);
            *high = *low + wide;
        }
    }

    /// Runs for themselves, or by arm; a layout that groups by a setting offers that too.
    fn next_group(&self) -> Option<By> {
        match self.by() {
            By::Run => Some(By::Arm),
            By::Arm | By::Setting(_) => Some(By::Run),
        }
    }

    /// What makes runs a group in the view that is shown.
    pub fn by(&self) -> By {
        let first = || self.panels().find(|panel| panel.kind == Kind::Line && panel.group != By::Run);
        self.lens.by.clone().or_else(|| first().map(|panel| panel.group.clone())).unwrap_or_default()
    }
}

/// `part` moved into `whole` without changing its length.
fn inside(part: Stretch, whole: Stretch) -> Stretch {
    let wide = part.high - part.low;
    let low = part.low.min(whole.high - wide).max(whole.low);
    Stretch { low, high: low + wide, ..part }
}
