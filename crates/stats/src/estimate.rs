//! Estimates with confidence intervals.

use serde::Serialize;

/// Confidence level of all intervals.
pub const LEVEL: f64 = 0.95;

/// A value with its confidence interval and p-value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// 95% confidence interval; none if nothing varies.
    pub interval: Option<Interval>,
    /// Two-sided p-value of the null hypothesis "the value is 0"; none without an interval, or where 0 is no hypothesis.
    pub p: Option<f64>,
    /// The sources of variation in the interval; all others are held fixed.
    pub covers: Option<Covers>,
}

impl Estimate {
    /// An estimate without interval and p-value.
    pub fn bare(value: f64) -> Estimate {
        Estimate { value, interval: None, p: None, covers: None }
    }
}

/// A closed interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    /// Clamps the interval to the range of the quantity, such as 0 to 1 for a share.
    pub fn within(self, least: f64, most: f64) -> Interval {
        Interval { low: self.low.clamp(least, most), high: self.high.clamp(least, most) }
    }

    /// Whether the interval contains `value`, bounds included.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The sources of variation that an interval covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// Retraining with other seeds and evaluating on other queries.
    SeedsAndQueries,
    /// Retraining with other seeds, on the same queries.
    Seeds,
    /// Evaluating the same weights on other queries; not retraining.
    Queries,
}
