//! Warm-up, stable, decay.

use std::f64::consts::PI;

use clip_lab_api::prelude::*;

use crate::ramp;

/// How the rate falls in the cool-down; x is the share of it that is still ahead, from 1 to 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A straight line: x.
    Linear,
    /// `1 - sqrt(1 - x)`: fast at first; <https://arxiv.org/abs/2405.18392> finds it the best.
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

/// Warm-up, a long stable stretch at the base rate, and a decay over the last steps: WSD,
/// <https://arxiv.org/abs/2404.06395>. One stable stretch can feed several decays, so longer runs need no new start.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wsd {
    /// Steps over which the rate rises linearly to its base; 0 starts at the base.
    pub warmup: u64,
    /// Steps at the end over which the rate decays; 0 holds it to the end. A tenth to a fifth of the run is usual.
    pub cooldown: u64,
    /// How it decays.
    pub shape: Shape,
    /// Share of the base rate that the decay leads to.
    pub floor: f64,
}

impl Settings for Wsd {
    fn check(&self, faults: &mut Faults) {
        faults.require((0.0..=1.0).contains(&self.floor), "floor", "must lie between 0 and 1");
    }
}

impl Plugin<dyn Schedule> for Wsd {
    fn facts(&self) -> ScheduleFacts {
        ramp::facts(self.warmup, self.cooldown)
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for Wsd {
    fn at(&self, step: u64, total: u64) -> f64 {
        let ahead = ramp::cooldown(step, total, self.cooldown);
        ramp::warmup(step, self.warmup) * (self.floor + (1.0 - self.floor) * self.shape.of(ahead))
    }
}
