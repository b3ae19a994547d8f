//! Gradient clipping.

use clip_lab_plugin_api::prelude::*;
use clip_lab_torch_ext::{global_norm, scale_all};

/// Clips the global norm of the gradient over all trained parameters to `max_norm`, as PyTorch's `clip_grad_norm_`.
/// Records the norm before clipping as `train/grad_norm`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClipGrad {
    /// Maximum global norm of the gradient.
    pub max_norm: f64,
}

impl Default for ClipGrad {
    fn default() -> Self {
        Self { max_norm: 1.0 }
    }
}

impl Settings for ClipGrad {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.max_norm > 0.0, "max_norm", "must be positive");
    }
}

impl Plugin<dyn Trick> for ClipGrad {
    fn build(&self, _context: ()) -> Result<Box<dyn Trick>> {
        Ok(Box::new(self.clone()))
    }
}

impl Trick for ClipGrad {
    fn before_update(&mut self, params: &Params, _step: u64, report: &mut Report) -> Result<()> {
        let gradients: Vec<Tensor> =
            params.trained().map(|param| param.tensor.grad()).filter(Tensor::defined).collect();
        if gradients.is_empty() {
            return Ok(());
        }
        let _guard = tch::no_grad_guard();
        let norm = global_norm(&gradients)?;
        report.add("grad_norm", &norm);
        // A factor of 1 changes nothing. On a GPU it is applied unread, as reading would synchronise with the device.
        if norm.device() == Device::Cpu && norm.double_value(&[]) + 1e-6 <= self.max_norm {
            return Ok(());
        }
        let factor = (norm.f_add_scalar(1e-6)?.f_reciprocal()? * self.max_norm).f_clamp_max(1.0)?;
        scale_all(&gradients, &factor)
    }
}
