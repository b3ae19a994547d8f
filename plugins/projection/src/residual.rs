//! Simple CLIP's head.

use clip_lab_plugin_api::prelude::*;
use tch::nn::Init;

use crate::layer::Layer;

/// The head of Simple CLIP (<https://github.com/moein-shariatnia/OpenAI-CLIP>): a linear map p, a second one after a
/// GELU with dropout, their sum, and a layer norm: `LN(p + dropout(fc(GELU(p))))`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Residual {
    /// Width of the shared embedding space; must be equal for both towers.
    pub dim: i64,
    /// Dropout probability of the inner branch.
    pub dropout: f64,
}

impl Default for Residual {
    fn default() -> Self {
        Self { dim: 256, dropout: 0.1 }
    }
}

impl Settings for Residual {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.dim > 0, "dim", "must be at least 1");
        problems.require((0.0..1.0).contains(&self.dropout), "dropout", "must be at least 0 and below 1");
    }
}

impl Plugin<dyn Projection> for Residual {
    fn properties(&self) -> ProjectionProperties {
        ProjectionProperties { dim: Some(self.dim), learned: true }
    }

    fn build(&self, context: ProjectionContext<'_>) -> Result<Box<dyn Projection>> {
        let norm = &context.vars / "layer_norm";
        Ok(Box::new(Head {
            projection: Layer::uniform(&(&context.vars / "projection"), context.input, self.dim, true)?,
            fc: Layer::uniform(&(&context.vars / "fc"), self.dim, self.dim, true)?,
            gain: norm.f_var("weight", &[self.dim], Init::Const(1.0))?,
            shift: norm.f_var("bias", &[self.dim], Init::Const(0.0))?,
            dropout: self.dropout,
        }))
    }
}

struct Head {
    projection: Layer,
    fc: Layer,
    gain: Tensor,
    shift: Tensor,
    dropout: f64,
}

impl Projection for Head {
    fn project(&self, features: &Tensor, mode: Mode) -> Result<Tensor> {
        let projected = self.projection.apply(features)?; // [B, dim]
        let inner = self.fc.apply(&projected.f_gelu("none")?)?.f_dropout(self.dropout, mode.train())?;
        let sum = projected.f_add(&inner)?;
        Ok(sum.f_layer_norm(self.gain.size(), Some(&self.gain), Some(&self.shift), 1e-5, true)?)
    }
}
