//! Checks of schedules.

use anyhow::{Result, ensure};

use crate::{Schedule, ScheduleFacts};

/// Checks a schedule: within 0 and 1 and the same each time, for runs of one step to thousands, and past their end.
///
/// # Errors
/// Says what does not hold.
pub fn schedule(schedule: &dyn Schedule, facts: &ScheduleFacts) -> Result<()> {
    for total in [1, 7, 1000].map(|steps| facts.ramps + steps) {
        for step in 0..=total + 2 {
            let factor = schedule.at(step, total);
            let right = (0.0..=1.0).contains(&factor);
            ensure!(right, "step {step} of {total} has the factor {factor}, which is not within 0 and 1");
            ensure!(factor == schedule.at(step, total), "step {step} of {total} has two factors");
        }
        let learns = (0..total).any(|step| schedule.at(step, total) > 0.0);
        ensure!(learns, "a run of {total} steps has no step with a learning rate above 0");
    }
    Ok(())
}
