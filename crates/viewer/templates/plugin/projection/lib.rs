//! A projection: a matrix with unit-length rows.

use clip_lab_plugin_api::prelude::*;

/// A linear projection without bias whose rows have unit length, so that only directions are learned.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// Width of the embedding space.
    pub dim: i64,
}

impl Default for MyPlugin {
    fn default() -> Self {
        Self { dim: 64 }
    }
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        problems.require((1..=1 << 20).contains(&self.dim), "dim", "must be from 1 to 1048576");
    }
}

impl Plugin<dyn Projection> for MyPlugin {
    fn properties(&self) -> ProjectionProperties {
        ProjectionProperties { dim: Some(self.dim), learned: true }
    }

    fn build(&self, context: ProjectionContext<'_>) -> Result<Box<dyn Projection>> {
        let init = nn::Init::Randn { mean: 0.0, stdev: (context.input as f64).powf(-0.5) };
        Ok(Box::new(UnitRows(context.vars.f_var("weight", &[self.dim, context.input], init)?)))
    }
}

struct UnitRows(Tensor);

impl Projection for UnitRows {
    fn project(&self, features: &Tensor, _mode: Mode) -> Result<Tensor> {
        let length = self.0.f_square()?.f_sum_dim_intlist([1i64].as_slice(), true, self.0.kind())?.f_sqrt()?;
        Ok(features.f_linear::<&Tensor>(&self.0.f_div(&length)?, None)?)
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.projection.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
