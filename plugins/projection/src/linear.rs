//! A linear projection.

use clip_lab_plugin_api::prelude::*;
use tch::nn::Init;

use crate::layer::Layer;

/// A linear projection, as in CLIP (<https://arxiv.org/abs/2103.00020>), initialised from N(0, 1 / input width).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Linear {
    /// Width of the shared embedding space; must be equal for both towers.
    pub dim: i64,
    /// Whether to add a bias, initialised to zero.
    pub bias: bool,
}

impl Default for Linear {
    fn default() -> Self {
        Self { dim: 512, bias: false }
    }
}

impl Settings for Linear {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.dim > 0, "dim", "must be at least 1");
    }
}

impl Plugin<dyn Projection> for Linear {
    fn properties(&self) -> ProjectionProperties {
        ProjectionProperties { dim: Some(self.dim), learned: true }
    }

    fn build(&self, context: ProjectionContext<'_>) -> Result<Box<dyn Projection>> {
        let weight = Init::Randn { mean: 0.0, stdev: (context.input as f64).powf(-0.5) };
        let bias = self.bias.then_some(Init::Const(0.0));
        Ok(Box::new(Head(Layer::new(&context.vars, context.input, self.dim, weight, bias)?)))
    }
}

struct Head(Layer);

impl Projection for Head {
    fn project(&self, features: &Tensor, _mode: Mode) -> Result<Tensor> {
        self.0.apply(features) // [B, dim]
    }
}
