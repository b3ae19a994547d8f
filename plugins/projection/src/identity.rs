//! No projection.

use clip_lab_plugin_api::prelude::*;

/// Returns a tower's features unchanged; both towers must have the same width.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {}

impl Settings for Identity {}

impl Plugin<dyn Projection> for Identity {
    fn properties(&self) -> ProjectionProperties {
        ProjectionProperties { dim: None, learned: false }
    }

    fn build(&self, _context: ProjectionContext<'_>) -> Result<Box<dyn Projection>> {
        Ok(Box::new(self.clone()))
    }
}

impl Projection for Identity {
    fn project(&self, features: &Tensor, _mode: Mode) -> Result<Tensor> {
        Ok(features.shallow_clone())
    }
}
