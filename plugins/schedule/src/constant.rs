//! The same rate throughout.

use clip_lab_api::prelude::*;

use crate::ramp;

/// The same learning rate from the end of the warm-up to the end of the run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Constant {
    /// Steps over which the rate rises linearly to its base; 0 starts at the base.
    pub warmup: u64,
}

impl Settings for Constant {}

impl Plugin<dyn Schedule> for Constant {
    fn facts(&self) -> ScheduleFacts {
        ramp::facts(self.warmup, 0)
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Constant {
    fn at(&self, step: u64, _total: u64) -> f64 {
        ramp::warmup(step, self.warmup)
    }
}
