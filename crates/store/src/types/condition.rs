//! Conditions on runs that the store evaluates.

use std::ops::RangeInclusive;

use super::Status;

/// A condition on runs. [`crate::Reader::candidates`] finds every run that meets it, and possibly others: SQLite knows
/// upper and lower case of ASCII only, and reads numbers with rounding.
#[derive(Clone, Debug, PartialEq)]
pub enum RunCondition {
    /// Every run.
    Every,
    /// All of them.
    All(Vec<RunCondition>),
    /// Any of them.
    Any(Vec<RunCondition>),
    /// A text contains this part, in lower case.
    Text(TextField, String),
    /// One of these statuses.
    Status(Vec<Status>),
    /// A number is in a range.
    Number(NumberField, RangeInclusive<f64>),
    /// A setting or a metric.
    Named(NamedCondition),
}

/// A condition on the setting or the metric of a name, which may be its last components: `lr` is also `optimizer.lr`.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedCondition {
    /// The name.
    pub name: String,
    /// The setting contains this part, in lower case.
    pub part: Option<String>,
    /// Or the setting or the metric is in this range.
    pub range: Option<RangeInclusive<f64>>,
    /// The values of the metric, one of which must be in the range.
    pub values: &'static [MetricValue],
}

/// A text of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextField {
    /// The name.
    Name,
    /// The uid.
    Uid,
    /// The study.
    Study,
    /// The arm of the study.
    Arm,
    /// Why it ended.
    Reason,
    /// The machine.
    Host,
    /// The goal metric.
    Goal,
    /// Any of its tags.
    Tag,
    /// Any of its notes.
    Note,
}

/// A number of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberField {
    /// The seed.
    Seed,
    /// The last step.
    Step,
    /// The planned steps.
    TotalSteps,
    /// The epoch at that step.
    Epoch,
    /// The samples at that step.
    Samples,
    /// The number of attempts.
    Attempt,
    /// Seconds of work.
    Seconds,
    /// The share of the planned steps.
    Progress,
}

/// A summary value of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricValue {
    /// The last.
    Last,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

impl RunCondition {
    /// All of `parts`.
    pub fn all(parts: impl IntoIterator<Item = RunCondition>) -> RunCondition {
        let mut parts: Vec<_> = parts.into_iter().filter(|part| *part != RunCondition::Every).collect();
        match parts.len() {
            0 => RunCondition::Every,
            1 => parts.remove(0),
            _ => RunCondition::All(parts),
        }
    }

    /// Any of `parts`, at least one.
    pub fn any(parts: impl IntoIterator<Item = RunCondition>) -> RunCondition {
        let mut parts: Vec<_> = parts.into_iter().collect();
        match parts.len() {
            _ if parts.is_empty() || parts.contains(&RunCondition::Every) => RunCondition::Every,
            1 => parts.remove(0),
            _ => RunCondition::Any(parts),
        }
    }

    /// Number of conditions in it that are not combinations.
    pub fn size(&self) -> usize {
        match self {
            RunCondition::All(parts) | RunCondition::Any(parts) => parts.iter().map(RunCondition::size).sum(),
            _ => 1,
        }
    }
}
