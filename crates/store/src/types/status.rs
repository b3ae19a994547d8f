//! Run status, run id and x axis.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Row id of a run, from [`crate::RunRow::id`]; only valid within its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunId(pub i64);

/// Status of a run. `Stalled` and `Crashed` are never stored: readers derive them from the heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Queued, not started.
    Queued,
    /// Training, with a recent heartbeat.
    Running,
    /// The heartbeat is older than 15 s, and the process is alive, or on another machine, whose clock may differ.
    Stalled,
    /// Completed.
    Finished,
    /// Ended with an error, given as the reason.
    Failed,
    /// Stopped by the user or a signal; can be resumed.
    Interrupted,
    /// Stopped because the loss became NaN or infinite.
    NonFinite,
    /// The heartbeat is older than 8 s and the process is gone; on another machine: it did not change while watched for
    /// 15 s, or is older than an hour.
    Crashed,
}

impl Status {
    /// Every status, in the order of a run's lifecycle.
    pub const ALL: [Status; 8] = [
        Status::Queued,
        Status::Running,
        Status::Stalled,
        Status::Finished,
        Status::Failed,
        Status::Interrupted,
        Status::NonFinite,
        Status::Crashed,
    ];

    /// The stored and displayed name, such as `non_finite`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Running => "running",
            Status::Stalled => "stalled",
            Status::Finished => "finished",
            Status::Failed => "failed",
            Status::Interrupted => "interrupted",
            Status::NonFinite => "non_finite",
            Status::Crashed => "crashed",
        }
    }

    /// The status of a name.
    pub fn from_name(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Whether the run may still record: queued, running or stalled.
    pub fn is_live(self) -> bool {
        matches!(self, Status::Queued | Status::Running | Status::Stalled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The x axis of a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Optimizer steps.
    #[default]
    Step,
    /// Epochs, fractional.
    Epoch,
    /// Image-text pairs seen.
    Samples,
    /// Seconds since the run was first started, pauses included.
    WallSeconds,
    /// Seconds of work, pauses between attempts excluded.
    ActiveSeconds,
}
