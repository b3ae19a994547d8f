//! A constant learning rate.

use clip_lab_plugin_api::prelude::*;

use crate::ramp;

/// Constant learning rate after a linear warmup.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Constant {
    /// Warmup steps, over which the learning rate rises linearly to its base; 0 disables warmup.
    pub warmup: u64,
}

impl Settings for Constant {}

impl Plugin<dyn Schedule> for Constant {
    fn properties(&self) -> ScheduleProperties {
        ramp::properties(self.warmup, 0)
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Constant {
    fn at(&self, step: u64, _total: u64) -> f64 {
        ramp::warmup(step, self.warmup)
    }
}
