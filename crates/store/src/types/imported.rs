//! Runs of other tools.

use super::Tick;

/// Where and when a run of another tool ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The machine; empty if unknown.
    pub host: String,
    /// Its start, milliseconds since 1970.
    pub started_ms: i64,
}

/// Values of one point of training, with the time at which they were recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedPoints<'a> {
    /// Training progress.
    pub at: Tick,
    /// Wall time, milliseconds since 1970.
    pub wall_ms: i64,
    /// Metrics and values.
    pub values: Vec<(&'a str, f64)>,
}
