//! AdamW, with libtorch's fused kernel.

use std::collections::BTreeMap;

use clip_lab_plugin_api::prelude::*;
use clip_lab_torch_ext::fused_adamw;

use crate::slots::{Slots, with_gradient};

/// Adam with decoupled weight decay, <https://arxiv.org/abs/1711.05101>, with libtorch's fused kernel. The defaults are
/// those of CLIP and open_clip for vision transformers. Biases, norm gains and scalars get no weight decay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    /// Base learning rate, multiplied by the schedule.
    pub lr: f64,
    /// Decay rates of the running means of the gradient and its square. open_clip uses [0.9, 0.999] for towers other
    /// than vision transformers.
    pub betas: [f64; 2],
    /// Added to the denominator for numerical stability. open_clip uses 1e-8 for towers other than vision transformers.
    pub eps: f64,
    /// Weight decay: every step shrinks a weight by lr * weight_decay.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { lr: 5e-4, betas: [0.9, 0.98], eps: 1e-6, weight_decay: 0.2 }
    }
}

impl Settings for AdamW {
    fn check(&self, problems: &mut Problems) {
        let betas = self.betas.iter().all(|beta| (0.0..1.0).contains(beta));
        problems.require(self.lr > 0.0 && self.lr.is_finite(), "lr", "must be positive");
        problems.require(betas, "betas", "must both be at least 0 and below 1");
        problems.require(self.eps > 0.0 && self.eps.is_finite(), "eps", "must be positive");
        let decay = self.weight_decay >= 0.0 && self.weight_decay.is_finite();
        problems.require(decay, "weight_decay", "must not be negative");
    }
}

impl Plugin<dyn Optimizer> for AdamW {
    fn properties(&self) -> OptimizerProperties {
        OptimizerProperties { lr: self.lr }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Optimizer>> {
        let slots = Slots::new(["step", "exp_avg", "exp_avg_sq"]);
        Ok(Box::new(Running { settings: self.clone(), slots }))
    }
}

struct Running {
    settings: AdamW,
    slots: Slots<3>,
}

impl Optimizer for Running {
    fn step(&mut self, params: &Params, lr: f64) -> Result<()> {
        // One call of the fused kernel updates all parameters that share its constants.
        let mut groups: BTreeMap<(u64, bool), Vec<(&Param, Tensor)>> = BTreeMap::new();
        for (param, gradient) in with_gradient(params) {
            groups.entry((param.lr_scale.to_bits(), param.decay)).or_default().push((param, gradient));
        }
        for ((scale, decay), members) in groups {
            self.update(members, lr * f64::from_bits(scale), decay)?;
        }
        Ok(())
    }

    fn state(&self) -> State {
        self.slots.state()
    }

    fn restore(&mut self, state: State) -> Result<()> {
        self.slots.restore(state)
    }
}

impl Running {
    fn update(&mut self, members: Vec<(&Param, Tensor)>, lr: f64, decay: bool) -> Result<()> {
        let [mut weights, mut gradients] = [Vec::new(), Vec::new()];
        let [mut steps, mut means, mut squares] = [Vec::new(), Vec::new(), Vec::new()];
        for (param, gradient) in members {
            let [step, mean, square] = self.slots.of(param, || fresh(&param.tensor))?;
            steps.push(step.shallow_clone());
            means.push(mean.shallow_clone());
            squares.push(square.shallow_clone());
            weights.push(param.tensor.shallow_clone());
            gradients.push(gradient);
        }
        fused_adamw(&weights, &gradients, &means, &squares, &steps, self.constants(lr, decay))
    }

    fn constants(&self, lr: f64, decay: bool) -> clip_lab_torch_ext::AdamW {
        let AdamW { betas: [beta1, beta2], eps, weight_decay, .. } = self.settings;
        let weight_decay = if decay { weight_decay } else { 0.0 };
        clip_lab_torch_ext::AdamW { lr, beta1, beta2, weight_decay, eps }
    }
}

/// Step count and both moments of a parameter before its first update.
fn fresh(weight: &Tensor) -> Result<[Tensor; 3]> {
    let moment = || tch::no_grad(|| weight.f_zeros_like());
    Ok([Tensor::f_zeros([0i64; 0], (DType::Float, weight.device()))?, moment()?, moment()?])
}
