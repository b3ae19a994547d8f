//! Warmup and cooldown, shared by all schedules.

use clip_lab_plugin_api::ScheduleProperties;

/// Linear warmup as in open_clip: `(step + 1) / warmup`, so the first step already learns and the last warmup step uses
/// the full rate.
pub fn warmup(step: u64, warmup: u64) -> f64 {
    if step < warmup { (step + 1) as f64 / warmup as f64 } else { 1.0 }
}

/// Remaining fraction of the cooldown, as in big_vision: 1 until it starts, `1 / cooldown` at the last step.
pub fn cooldown(step: u64, total: u64, cooldown: u64) -> f64 {
    if cooldown == 0 {
        return 1.0;
    }
    (total.saturating_sub(step) as f64 / cooldown as f64).min(1.0)
}

/// Progress of a step from the end of the warmup (0) to the end of the run (1).
pub fn progress(step: u64, warmup: u64, total: u64) -> f64 {
    let length = total.saturating_sub(warmup).max(1);
    (step.saturating_sub(warmup) as f64 / length as f64).min(1.0)
}

/// The properties of a schedule; `key` names the longer ramp.
pub fn properties(warmup: u64, cooldown: u64) -> ScheduleProperties {
    let key = if cooldown > warmup { "cooldown" } else { "warmup" };
    ScheduleProperties { ramps: warmup.saturating_add(cooldown), key }
}
