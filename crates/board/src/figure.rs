//! A chart as plain data: rows of the store go in, a [`Figure`] comes out.
//!
//! Nothing here draws or reads. The terminal and the exporter both draw the same [`Figure`], so what a person
//! watches and what goes into the paper cannot differ.

mod build;
mod by;
mod curve;
mod group;
mod labels;
mod notes;
mod range;
mod scale;
mod smooth;
mod ticks;
mod view;
pub mod x;

pub use build::{figure, grouped};
pub use by::{By, Colours, natural};
pub use group::{Group, gather};
pub use labels::spread;
pub use range::reach;
pub use scale::{Form, Scale, clip};
pub use smooth::smooth;
pub use ticks::{Tick, Unit, number, span, ticks};
pub use view::{Band, Rows, View};

/// A value that is not a finite number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bad {
    /// Not a number.
    Nan,
    /// Positive infinity.
    PlusInf,
    /// Negative infinity.
    MinusInf,
    /// One or more of these, not read which.
    NotFinite,
}

impl Bad {
    /// The sign drawn where it happened.
    pub fn sign(self) -> &'static str {
        match self {
            Bad::Nan | Bad::NotFinite => "✕",
            Bad::PlusInf => "▲",
            Bad::MinusInf => "▼",
        }
    }

    /// What `value` is, unless it is finite.
    pub fn of(value: f64) -> Option<Bad> {
        match value {
            v if v.is_nan() => Some(Bad::Nan),
            f64::INFINITY => Some(Bad::PlusInf),
            f64::NEG_INFINITY => Some(Bad::MinusInf),
            _ => None,
        }
    }

    /// Its name in titles and in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            Bad::Nan => "NaN",
            Bad::PlusInf => "inf",
            Bad::MinusInf => "-inf",
            Bad::NotFinite => "not finite",
        }
    }
}

/// A chart, ready to be drawn at any size by anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What is shown.
    pub title: String,
    /// The horizontal axis.
    pub x: Ruler,
    /// The vertical axis.
    pub y: Ruler,
    /// The curves, in the order in which they are drawn.
    pub series: Vec<Series>,
    /// What a reader must know about the drawing: smoothing, values left out, non-finite values.
    pub notes: Vec<String>,
    /// What the shading means, where there is any.
    pub shaded: Option<String>,
    /// How many places of the curves and their bands lie above and below the frame.
    pub beyond: (usize, usize),
}

/// One axis with its scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruler {
    /// What it measures.
    pub title: String,
    /// Where values lie on it.
    pub scale: Scale,
    /// How its ticks are written.
    pub unit: Unit,
}

impl Ruler {
    /// At most about `wanted` ticks with labels that tell them apart.
    pub fn ticks(&self, wanted: usize) -> Vec<Tick> {
        ticks(&self.scale, self.unit, wanted)
    }

    /// A single value of the axis.
    pub fn text(&self, value: f64) -> String {
        match self.unit {
            Unit::Seconds => span(value),
            Unit::Number if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value}"),
            Unit::Number => number(value),
        }
    }
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// The direct label.
    pub name: String,
    /// Which colour of the palette; the same run has the same one everywhere.
    pub colour: usize,
    /// Which line style, for a second metric of the same run.
    pub dash: usize,
    /// The mean line in pieces: a piece ends where a value is missing or not finite.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// What is shaded around the line, `(x, low, high)`, in pieces; not every piece of the line has one.
    pub bands: Vec<Vec<(f64, f64, f64)>>,
    /// Where values were not finite.
    pub bad: Vec<(f64, Bad)>,
    /// The last finite value, unsmoothed.
    pub last: Option<f64>,
    /// Of how many runs it is the mean; 0 where runs are not grouped.
    pub n: usize,
    /// Where the number of runs changes, and to how many.
    pub changes: Vec<(f64, usize)>,
    /// Whether it is a single run of a group: drawn thin, without a label.
    pub thin: bool,
}

impl Series {
    /// Where the line ends, if it has any point.
    pub fn end(&self) -> Option<(f64, f64)> {
        self.lines.iter().rev().find_map(|line| line.last().copied())
    }

    /// The value at `x`, on the straight line between the points around it; none in a gap and beyond the ends.
    pub fn at(&self, x: f64) -> Option<f64> {
        let line = self.lines.iter().find(|line| {
            line.first().is_some_and(|first| first.0 <= x) && line.last().is_some_and(|last| x <= last.0)
        })?;
        let right = line.partition_point(|point| point.0 < x).min(line.len() - 1);
        let (a, b) = (line[right.saturating_sub(1)], line[right]);
        let t = if b.0 > a.0 { (x - a.0) / (b.0 - a.0) } else { 1.0 };
        Some(if right == 0 { b.1 } else { a.1 + t * (b.1 - a.1) })
    }
}
