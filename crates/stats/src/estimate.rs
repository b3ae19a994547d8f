//! What is said of a number.

use serde::Serialize;

/// The level of every interval.
pub const LEVEL: f64 = 0.95;

/// A number with what is known of its error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The number itself.
    pub value: f64,
    /// Its 95% interval; none where nothing varied, so that nothing is known of the error.
    pub interval: Option<Interval>,
    /// Two-sided p-value of "the number is 0"; none where there is no interval, or where 0 is no question.
    pub p: Option<f64>,
    /// What was drawn to get the interval; whatever is not named here was held fixed.
    pub covers: Option<Covers>,
}

impl Estimate {
    /// A number of whose error nothing is known.
    pub fn bare(value: f64) -> Estimate {
        Estimate { value, interval: None, p: None, covers: None }
    }
}

/// From `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// The part of it in which a quantity can lie, such as 0 to 1 for a share.
    pub fn within(self, least: f64, most: f64) -> Interval {
        Interval { low: self.low.clamp(least, most), high: self.high.clamp(least, most) }
    }

    /// Whether `value` lies in it, ends included.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// What an interval speaks of: which other draws the number could have come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// Training again with other seeds and asking other queries.
    SeedsAndQueries,
    /// Training again with other seeds; the queries stay.
    Seeds,
    /// Asking other queries of the same weights; nothing is said of training again.
    Queries,
}
