//! A chart as plain data: rows of the store go in, a [`Figure`] comes out.
//!
//! Nothing here draws or reads. The terminal and the exporter both draw the same [`Figure`], so what a person
//! watches and what goes into the paper cannot differ.

mod build;
mod labels;
mod scale;
mod smooth;
mod ticks;
pub mod x;

pub use build::{Rows, View, figure};
pub use labels::spread;
pub use scale::{Scale, clip};
pub use smooth::smooth;
pub use ticks::{Tick, Unit, number, span, ticks};

/// A value that is not a finite number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bad {
    /// Not a number.
    Nan,
    /// Positive infinity.
    PlusInf,
    /// Negative infinity.
    MinusInf,
    /// One or more of these: the store's summary does not say which.
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
}

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The direct label.
    pub name: String,
    /// Which colour of the palette; the same run has the same one everywhere.
    pub colour: usize,
    /// Which line style, for a second metric of the same run.
    pub dash: usize,
    /// The mean line in pieces: a piece ends where a value is missing or not finite.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Minimum and maximum around the line, `(x, low, high)`, in the same pieces.
    pub bands: Vec<Vec<(f64, f64, f64)>>,
    /// Where values were not finite.
    pub bad: Vec<(f64, Bad)>,
    /// The last finite value, unsmoothed.
    pub last: Option<f64>,
}

impl Series {
    /// Where the line ends, if it has any point.
    pub fn end(&self) -> Option<(f64, f64)> {
        self.lines.iter().rev().find_map(|line| line.last().copied())
    }
}
