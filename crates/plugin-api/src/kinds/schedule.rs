//! Learning-rate schedules.

use crate::Kind;

/// A pure function of the step, so resuming needs no state.
pub trait Schedule: Send + Sync {
    /// Factor on the base learning rate at `step` (from 0) of `total`.
    fn at(&self, step: u64, total: u64) -> f64;
}

/// Properties of a schedule.
#[derive(Debug, Clone, Default)]
pub struct ScheduleProperties {
    /// Total steps of warmup and cooldown.
    pub ramps: u64,
    /// The setting to blame if they exceed the run.
    pub key: &'static str,
}

impl Kind for dyn Schedule {
    const NAME: &'static str = "schedule";
    type Properties = ScheduleProperties;
    type BuildContext<'a> = ();
}
