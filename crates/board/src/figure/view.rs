//! What is read, and how it is to be shown.

use clip_lab_store::{Axis, Bucket};

use super::{Bad, Form};

/// One series as it was read: its buckets in the order of the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The direct label.
    pub name: String,
    /// Which colour of the palette.
    pub colour: usize,
    /// Which line style.
    pub dash: usize,
    /// Length of a step on the axis: 1 for steps, seconds a step for time.
    pub per_step: f64,
    /// Where values are not finite, and what they are, as far as that was read: buckets tell only that there are some.
    pub bad: Vec<(f64, Bad)>,
    /// The step of the first that is not finite.
    pub first_bad_step: Option<u64>,
    /// What was recorded. For a part of a run, what smoothing needs from before it comes first.
    pub buckets: Vec<Bucket>,
}

/// What is shaded around a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Band {
    /// Nothing.
    None,
    /// From the smallest to the largest value.
    MinMax,
    /// The 95% interval of the mean over seeds; the smallest to the largest value where there is a single run.
    #[default]
    Interval,
}

impl Band {
    /// The band after this one, as a key walks through them.
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

/// How rows are to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct View {
    /// The horizontal axis the buckets were read for.
    pub x: Axis,
    /// What takes equal room on the vertical axis.
    pub y: Form,
    /// Half-life of the smoothing, in steps; zero for none.
    pub smooth: f64,
    /// What is shaded.
    pub band: Band,
    /// Whether the vertical axis holds every value; else the few that would flatten all others leave the frame.
    pub full: bool,
    /// Whether the single runs of a group are drawn too, thin.
    pub seeds: bool,
    /// The part of the horizontal axis to show, in its units; none shows all.
    pub range: Option<(f64, f64)>,
    /// The part of the vertical axis to show, as places from 0 to 1 of what would be shown else.
    pub window: Option<(f64, f64)>,
    /// Between which values the metrics lie, where that is known: intervals are cut there.
    pub limits: Option<(f64, f64)>,
}
