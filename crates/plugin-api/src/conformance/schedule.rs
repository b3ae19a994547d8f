//! Checks of schedules.

use anyhow::{Result, ensure};

use crate::{Schedule, ScheduleProperties};

/// Checks a schedule: factors from 0 to 1, reproducible, for runs of one step to thousands, and beyond their end.
///
/// # Errors
/// Names the failed check.
pub fn schedule(schedule: &dyn Schedule, properties: &ScheduleProperties) -> Result<()> {
    for total in [1, 7, 1000].map(|steps| properties.ramps + steps) {
        for step in 0..=total + 2 {
            let factor = schedule.at(step, total);
            let valid = (0.0..=1.0).contains(&factor);
            ensure!(valid, "step {step} of {total} has the factor {factor}, which is not from 0 to 1");
            ensure!(
                factor == schedule.at(step, total),
                "step {step} of {total} has different factors when asked twice"
            );
        }
        let learns = (0..total).any(|step| schedule.at(step, total) > 0.0);
        ensure!(learns, "a run of {total} steps has no step with a learning rate above 0");
    }
    Ok(())
}
