//! Charts as plain data: rows of the store in, a [`Figure`] out.
//!
//! Pure: no drawing, no I/O. The terminal and the exporter draw the same [`Figure`], so the dashboard and the paper
//! show the same curves.

mod build;
mod curve;
mod group;
mod group_by;
mod labels;
mod notes;
mod range;
mod scale;
mod smooth;
mod ticks;
mod view;
pub mod x;

pub use build::{figure, grouped};
pub use group::{Group, gather};
pub use group_by::{Colours, GroupBy, natural};
pub use labels::place_labels;
pub use range::scale_from_zero;
pub use scale::{Form, Scale, clip};
pub use smooth::smooth;
pub use ticks::{Tick, Unit, number, span, ticks};
pub use view::{Band, Rows, View};

/// A non-finite value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NonFinite {
    /// Not a number.
    Nan,
    /// Positive infinity.
    PlusInf,
    /// Negative infinity.
    MinusInf,
    /// Any of these; the bucket does not record which.
    Unclassified,
}

impl NonFinite {
    /// The mark drawn at its position.
    pub fn sign(self) -> &'static str {
        match self {
            NonFinite::Nan | NonFinite::Unclassified => "✕",
            NonFinite::PlusInf => "▲",
            NonFinite::MinusInf => "▼",
        }
    }

    /// Classifies `value`; none if it is finite.
    pub fn of(value: f64) -> Option<NonFinite> {
        match value {
            v if v.is_nan() => Some(NonFinite::Nan),
            f64::INFINITY => Some(NonFinite::PlusInf),
            f64::NEG_INFINITY => Some(NonFinite::MinusInf),
            _ => None,
        }
    }

    /// Its name in titles and in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            NonFinite::Nan => "NaN",
            NonFinite::PlusInf => "inf",
            NonFinite::MinusInf => "-inf",
            NonFinite::Unclassified => "not finite",
        }
    }
}

/// A chart, independent of size and backend.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Title.
    pub title: String,
    /// The horizontal axis.
    pub x: FigureAxis,
    /// The vertical axis.
    pub y: FigureAxis,
    /// The curves, in drawing order.
    pub series: Vec<Series>,
    /// Notes for the reader: smoothing, omitted values, non-finite values.
    pub notes: Vec<String>,
    /// Meaning of the shading, if any.
    pub shaded: Option<String>,
    /// Number of points of curves and bands above and below the frame.
    pub beyond: (usize, usize),
}

/// One axis with its scale.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureAxis {
    /// Axis title.
    pub title: String,
    /// Maps values to positions.
    pub scale: Scale,
    /// Unit of the tick labels.
    pub unit: Unit,
}

impl FigureAxis {
    /// About `wanted` ticks at most, with distinct labels.
    pub fn ticks(&self, wanted: usize) -> Vec<Tick> {
        ticks(&self.scale, self.unit, wanted)
    }

    /// Formats a value of the axis.
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
    /// Direct label.
    pub name: String,
    /// Palette index; a run has the same one on every chart.
    pub colour: usize,
    /// Line style, for further metrics of the same run.
    pub dash: usize,
    /// The mean line in segments: a segment ends where a value is missing or not finite.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// The shaded band, `(x, low, high)`, in segments; not every segment of the line has one.
    pub bands: Vec<Vec<(f64, f64, f64)>>,
    /// Positions of non-finite values.
    pub bad: Vec<(f64, NonFinite)>,
    /// The last finite value, unsmoothed.
    pub last: Option<f64>,
    /// Number of runs in the mean; 0 if runs are not grouped.
    pub n: usize,
    /// Positions where the number of runs changes, with the new number.
    pub changes: Vec<(f64, usize)>,
    /// Whether it is a single run of a group, drawn thin and without a label.
    pub thin: bool,
}

impl Series {
    /// The last point of the line.
    pub fn end(&self) -> Option<(f64, f64)> {
        self.lines.iter().rev().find_map(|line| line.last().copied())
    }

    /// The value at `x` by linear interpolation; none in a gap or outside the line.
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
