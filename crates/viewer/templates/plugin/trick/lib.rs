//! A trick: gradient centralisation.

use clip_lab_plugin_api::prelude::*;

/// Gradient centralisation (<https://arxiv.org/abs/2004.01461>): subtracts the mean over the inputs from the gradient
/// of every matrix or filter before the optimizer step. Records the largest subtracted mean as `train/gradient_mean`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// Whether to centralise biases and other vectors too.
    pub vectors: bool,
}

impl Settings for MyPlugin {}

impl Plugin<dyn Trick> for MyPlugin {
    fn build(&self, _context: ()) -> Result<Box<dyn Trick>> {
        Ok(Box::new(self.clone()))
    }
}

impl Trick for MyPlugin {
    fn before_update(&mut self, params: &Params, _step: u64, report: &mut Report) -> Result<()> {
        let _guard = tch::no_grad_guard();
        let least = if self.vectors { 1 } else { 2 };
        let mut means = Vec::new();
        for param in params.trained() {
            let mut gradient = param.tensor.grad();
            if !gradient.defined() || gradient.dim() < least {
                continue;
            }
            let first = if gradient.dim() == 1 { 0 } else { 1 };
            let over: Vec<i64> = (first..gradient.dim() as i64).collect();
            let mean = gradient.f_mean_dim(over.as_slice(), true, gradient.kind())?;
            let _ = gradient.f_sub_(&mean)?;
            means.push(mean.f_abs()?.f_max()?);
        }
        if !means.is_empty() {
            report.add("gradient_mean", &Tensor::f_stack(&means, 0)?.f_max()?);
        }
        Ok(())
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.trick.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
