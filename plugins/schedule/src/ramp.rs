//! Warm-up and cool-down, which all schedules share.

use clip_lab_api::ScheduleFacts;

/// Linear warm-up as open_clip counts it: `(step + 1) / warmup`, so the first step already learns and the last step of
/// the warm-up runs at the full rate.
pub fn warmup(step: u64, warmup: u64) -> f64 {
    if step < warmup { (step + 1) as f64 / warmup as f64 } else { 1.0 }
}

/// Share of the cool-down that is still ahead, as big_vision counts it: 1 until it starts, `1 / cooldown` at the last
/// step.
pub fn cooldown(step: u64, total: u64, cooldown: u64) -> f64 {
    if cooldown == 0 {
        return 1.0;
    }
    (total.saturating_sub(step) as f64 / cooldown as f64).min(1.0)
}

/// How far a step lies between the end of the warm-up and the end of the run, within [0, 1].
pub fn progress(step: u64, warmup: u64, total: u64) -> f64 {
    let length = total.saturating_sub(warmup).max(1);
    (step.saturating_sub(warmup) as f64 / length as f64).min(1.0)
}

/// The facts of a schedule: the longer ramp is the one to point at.
pub fn facts(warmup: u64, cooldown: u64) -> ScheduleFacts {
    let key = if cooldown > warmup { "cooldown" } else { "warmup" };
    ScheduleFacts { ramps: warmup.saturating_add(cooldown), key }
}
