//! Learning rate multipliers for parts of the model.

use clip_lab_plugin_api::prelude::*;

use crate::prefix;

/// Multiplies the learning rate of some parameters, such as a smaller rate for a pretrained tower than for a new head.
/// Factors of several tricks on one parameter multiply. The rates are recorded as `train/lr/LAYER`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LrScale {
    /// Which parameters: prefixes of parameter names, ending at a dot, such as "image", "text.embeddings" or
    /// "image.blocks.0".
    pub params: Vec<String>,
    /// Factor on the learning rate.
    pub scale: f64,
}

impl Default for LrScale {
    fn default() -> Self {
        Self { params: vec!["image".to_owned()], scale: 0.1 }
    }
}

impl Settings for LrScale {
    fn check(&self, problems: &mut Problems) {
        problems.require(!self.params.is_empty(), "params", "must name at least one prefix");
        let valid = self.scale > 0.0 && self.scale.is_finite();
        problems.require(valid, "scale", "must be positive; to lock parameters use the `freeze` trick");
    }
}

impl Plugin<dyn Trick> for LrScale {
    fn build(&self, _context: ()) -> Result<Box<dyn Trick>> {
        Ok(Box::new(self.clone()))
    }
}

impl Trick for LrScale {
    fn prepare(&mut self, params: &mut Params) -> Result<()> {
        prefix::each(params, &self.params, |param| param.lr_scale *= self.scale)
    }
}
