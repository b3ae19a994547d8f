//! Cosine decay.

use std::f64::consts::PI;

use clip_lab_plugin_api::prelude::*;

use crate::ramp;

/// Cosine decay from the base learning rate to a floor: `(1 + cos(pi p)) / 2`, where p runs from 0 to 1 after the
/// warmup. open_clip's formula; SGDR, <https://arxiv.org/abs/1608.03983>.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cosine {
    /// Warmup steps, over which the learning rate rises linearly to its base; 0 disables warmup.
    pub warmup: u64,
    /// Final learning rate as a fraction of the base.
    pub floor: f64,
}

impl Settings for Cosine {
    fn check(&self, problems: &mut Problems) {
        problems.require((0.0..=1.0).contains(&self.floor), "floor", "must be from 0 to 1");
    }
}

impl Plugin<dyn Schedule> for Cosine {
    fn properties(&self) -> ScheduleProperties {
        ramp::properties(self.warmup, 0)
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Cosine {
    fn at(&self, step: u64, total: u64) -> f64 {
        if step < self.warmup {
            return ramp::warmup(step, self.warmup);
        }
        let progress = ramp::progress(step, self.warmup, total);
        self.floor + (1.0 - self.floor) * 0.5 * (1.0 + (PI * progress).cos())
    }
}
