//! Warmup, stable, decay.

use std::f64::consts::PI;

use clip_lab_plugin_api::prelude::*;

use crate::ramp;

/// Shape of the cooldown; x is its remaining fraction, from 1 to 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Linear: x.
    Linear,
    /// `1 - sqrt(1 - x)`: steep at first; the best in <https://arxiv.org/abs/2405.18392>.
    #[default]
    Sqrt,
    /// Half a cosine: `(1 - cos(pi x)) / 2`.
    Cosine,
}

impl Shape {
    fn of(self, ahead: f64) -> f64 {
        match self {
            Self::Linear => ahead,
            Self::Sqrt => 1.0 - (1.0 - ahead).sqrt(),
            Self::Cosine => 0.5 * (1.0 - (PI * ahead).cos()),
        }
    }
}

/// Warmup, a long stable phase at the base learning rate, and a decay over the last steps: WSD,
/// <https://arxiv.org/abs/2404.06395>. Several decays can start from one stable phase, so longer runs need not start
/// over.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wsd {
    /// Warmup steps, over which the learning rate rises linearly to its base; 0 disables warmup.
    pub warmup: u64,
    /// Steps at the end over which the learning rate decays; 0 disables the cooldown. A tenth to a fifth of the run is
    /// usual.
    pub cooldown: u64,
    /// Shape of the decay.
    pub shape: Shape,
    /// Final learning rate as a fraction of the base.
    pub floor: f64,
}

impl Settings for Wsd {
    fn check(&self, problems: &mut Problems) {
        problems.require((0.0..=1.0).contains(&self.floor), "floor", "must be from 0 to 1");
    }
}

impl Plugin<dyn Schedule> for Wsd {
    fn properties(&self) -> ScheduleProperties {
        ramp::properties(self.warmup, self.cooldown)
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Wsd {
    fn at(&self, step: u64, total: u64) -> f64 {
        let ahead = ramp::cooldown(step, total, self.cooldown);
        ramp::warmup(step, self.warmup) * (self.floor + (1.0 - self.floor) * self.shape.of(ahead))
    }
}
