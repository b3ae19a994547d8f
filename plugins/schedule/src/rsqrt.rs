//! One over the square root of the step.

use clip_lab_api::prelude::*;

use crate::ramp;

/// One over the square root of the step: `1 / sqrt(1 + (step - warmup) / timescale)`, then linearly to zero over the
/// last steps. It does not depend on the length of the run but for the cool-down, so a run can be prolonged. The formula
/// of big_vision ("Scaling Vision Transformers", <https://arxiv.org/abs/2106.04560>) but for the warm-up, which is
/// counted as in all schedules here: `(step + 1) / warmup`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rsqrt {
    /// Steps over which the rate rises linearly to its base; 0 starts at the base.
    pub warmup: u64,
    /// Steps after the warm-up in which the rate falls to 0.71 of its base.
    pub timescale: u64,
    /// Steps at the end over which the rate goes linearly to zero; 0 leaves it out.
    pub cooldown: u64,
}

impl Default for Rsqrt {
    fn default() -> Self {
        Self { warmup: 0, timescale: 10_000, cooldown: 0 }
    }
}

impl Settings for Rsqrt {
    fn check(&self, faults: &mut Faults) {
        faults.require(self.timescale > 0, "timescale", "must be at least 1 step");
    }
}

impl Plugin<dyn Schedule> for Rsqrt {
    fn facts(&self) -> ScheduleFacts {
        ramp::facts(self.warmup, self.cooldown)
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Rsqrt {
    fn at(&self, step: u64, total: u64) -> f64 {
        let since = step.saturating_sub(self.warmup) as f64 / self.timescale as f64;
        ramp::warmup(step, self.warmup) * ramp::cooldown(step, total, self.cooldown) / (1.0 + since).sqrt()
    }
}
