//! The options of the charts that keys set.

use std::collections::HashMap;

use clip_lab_store::Axis;

use crate::data::AxisRange;
use clip_lab_chart::figure::{Band, Form, GroupBy};

/// Chart options set by keys.
#[derive(Debug, Clone, Default)]
pub struct ChartOptions {
    /// Overrides the form of all vertical axes.
    pub form: Option<Form>,
    /// The kind of band.
    pub band: Band,
    /// Whether vertical axes include outliers.
    pub all_values: bool,
    /// Whether the runs of a group are drawn too.
    pub seeds: bool,
    /// Overrides the grouping of the layout.
    pub by: Option<GroupBy>,
    /// The zoomed range of the horizontal axis.
    pub range: Option<AxisRange>,
    /// The cursor: an axis and a value on it.
    pub cursor: Option<(Axis, f64)>,
    /// The zoomed part of the vertical axis, by view and panel.
    pub(super) windows: HashMap<(usize, usize), (f64, f64)>,
}

impl ChartOptions {
    /// Resets the vertical zoom of the panels of `view`, from index `panel` on.
    pub fn reset_windows(&mut self, view: usize, panel: usize) {
        self.windows.retain(|(of, at), _| *of != view || *at < panel);
    }

    /// Labels of the options that differ from the defaults.
    pub fn labels(&self) -> Vec<String> {
        let mut labels = Vec::new();
        labels.extend(self.form.map(|form| format!("y: {}", form.name())));
        labels.extend(self.by.as_ref().map(|by| format!("by: {}", by.name())));
        labels.extend((self.band != Band::default()).then(|| format!("band: {}", self.band.name())));
        labels.extend(self.all_values.then(|| "all values".to_string()));
        labels.extend(self.seeds.then(|| "seeds".to_string()));
        labels.extend((self.range.is_some() || !self.windows.is_empty()).then(|| "zoomed".to_string()));
        labels
    }
}
