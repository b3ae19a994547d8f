//! Inverse square root decay.

use clip_lab_plugin_api::prelude::*;

use crate::ramp;

/// Inverse square root decay: `1 / sqrt(1 + (step - warmup) / timescale)`, then linearly to zero over the last steps.
/// Apart from the cooldown it does not depend on the length of the run, so a run can be extended. big_vision's formula
/// ("Scaling Vision Transformers", <https://arxiv.org/abs/2106.04560>), except for the warmup, which is
/// `(step + 1) / warmup` as in all schedules here.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rsqrt {
    /// Warmup steps, over which the learning rate rises linearly to its base; 0 disables warmup.
    pub warmup: u64,
    /// Steps after the warmup in which the learning rate falls to 0.71 of its base.
    pub timescale: u64,
    /// Steps at the end over which the learning rate decays linearly to zero; 0 disables the cooldown.
    pub cooldown: u64,
}

impl Default for Rsqrt {
    fn default() -> Self {
        Self { warmup: 0, timescale: 10_000, cooldown: 0 }
    }
}

impl Settings for Rsqrt {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.timescale > 0, "timescale", "must be at least 1 step");
    }
}

impl Plugin<dyn Schedule> for Rsqrt {
    fn properties(&self) -> ScheduleProperties {
        ramp::properties(self.warmup, self.cooldown)
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Rsqrt {
    fn at(&self, step: u64, total: u64) -> f64 {
        let since = step.saturating_sub(self.warmup) as f64 / self.timescale as f64;
        ramp::warmup(step, self.warmup) * ramp::cooldown(step, total, self.cooldown) / (1.0 + since).sqrt()
    }
}
