//! Input rows of a figure, and its view settings.

use clip_lab_store::{Axis, Bucket};

use super::{Form, NonFinite};

/// One series as read from the store: its buckets in axis order.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Direct label.
    pub name: String,
    /// Palette index.
    pub colour: usize,
    /// Line style.
    pub dash: usize,
    /// Axis units per step: 1 for steps, seconds per step for time.
    pub per_step: f64,
    /// Non-finite values with their positions, if the points were read: buckets only count them.
    pub bad: Vec<(f64, NonFinite)>,
    /// The step of the first non-finite value.
    pub first_bad_step: Option<u64>,
    /// The recorded values. For a part of a run, includes the preceding buckets that smoothing needs.
    pub buckets: Vec<Bucket>,
}

impl Rows {
    /// The rows with their values multiplied by `factor`.
    pub fn scaled(mut self, factor: f64) -> Rows {
        for bucket in &mut self.buckets {
            let Bucket { min, max, mean, first, last, .. } = bucket;
            [min, max, mean, first, last].into_iter().for_each(|value| *value *= factor);
        }
        self
    }
}

/// The band around a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Band {
    /// Nothing.
    None,
    /// Minimum to maximum.
    MinMax,
    /// The 95% confidence interval of the mean over seeds; minimum to maximum for a single run.
    #[default]
    Interval,
}

impl Band {
    /// The next band, as a key cycles through them.
    pub fn next(self) -> Band {
        match self {
            Band::Interval => Band::None,
            Band::None => Band::MinMax,
            Band::MinMax => Band::Interval,
        }
    }

    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Band::None => "none",
            Band::MinMax => "min to max",
            Band::Interval => "95% interval",
        }
    }
}

/// View settings of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct View {
    /// The horizontal axis the buckets were read for.
    pub x: Axis,
    /// The form of the vertical axis.
    pub y: Form,
    /// Half-life of the smoothing, in steps; zero for none.
    pub smooth: f64,
    /// The band.
    pub band: Band,
    /// Whether the vertical axis includes outliers.
    pub full: bool,
    /// Whether to draw the single runs of a group too, thin.
    pub seeds: bool,
    /// The visible range of the horizontal axis, in its units; none for all.
    pub range: Option<(f64, f64)>,
    /// The visible part of the vertical axis, as positions from 0 to 1 of the automatic range.
    pub window: Option<(f64, f64)>,
    /// The range of the metrics, if known: intervals are clamped to it.
    pub limits: Option<(f64, f64)>,
}
