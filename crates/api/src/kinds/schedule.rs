//! Learning-rate schedules.

use crate::Kind;

/// A pure function of the step, so that resuming needs no state.
pub trait Schedule: Send + Sync {
    /// Factor on the base learning rate at `step` (from 0) of `total`.
    fn at(&self, step: u64, total: u64) -> f64;
}

/// What a schedule's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct ScheduleFacts {
    /// Steps that are spoken for at the start and the end (warm-up, cool-down).
    pub ramps: u64,
    /// The setting to point at when they do not fit into the run.
    pub key: &'static str,
}

impl Kind for dyn Schedule {
    const NAME: &'static str = "schedule";
    type Facts = ScheduleFacts;
    type Scope<'a> = ();
}
