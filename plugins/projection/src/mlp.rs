//! Two layers with a GELU between them.

use clip_lab_plugin_api::prelude::*;

use crate::layer::Layer;

/// Two linear layers with an exact GELU between them: open_clip's head for Hugging Face text towers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mlp {
    /// Width of the shared embedding space; must be equal for both towers.
    pub dim: i64,
    /// Width between the layers; by default halfway between the tower's width and `dim`.
    pub hidden: Option<i64>,
    /// Whether both layers add a bias.
    pub bias: bool,
}

impl Default for Mlp {
    fn default() -> Self {
        Self { dim: 512, hidden: None, bias: false }
    }
}

impl Settings for Mlp {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.dim > 0, "dim", "must be at least 1");
        problems.require(self.hidden.is_none_or(|hidden| hidden > 0), "hidden", "must be at least 1");
    }
}

impl Plugin<dyn Projection> for Mlp {
    fn properties(&self) -> ProjectionProperties {
        ProjectionProperties { dim: Some(self.dim), learned: true }
    }

    fn build(&self, context: ProjectionContext<'_>) -> Result<Box<dyn Projection>> {
        let hidden = self.hidden.unwrap_or(((context.input + self.dim) / 2).max(1));
        let fc1 = Layer::uniform(&(&context.vars / "fc1"), context.input, hidden, self.bias)?;
        let fc2 = Layer::uniform(&(&context.vars / "fc2"), hidden, self.dim, self.bias)?;
        Ok(Box::new(Head { fc1, fc2 }))
    }
}

struct Head {
    fc1: Layer,
    fc2: Layer,
}

impl Projection for Head {
    fn project(&self, features: &Tensor, _mode: Mode) -> Result<Tensor> {
        let hidden = self.fc1.apply(features)?.f_gelu("none")?; // [B, hidden]
        self.fc2.apply(&hidden) // [B, dim]
    }
}
