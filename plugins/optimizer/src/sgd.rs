//! Stochastic gradient descent.

use clip_lab_plugin_api::prelude::*;

use crate::slots::{Slots, with_gradient};

/// Stochastic gradient descent with momentum, as PyTorch's `SGD` (no dampening). Weight decay is added to the gradient;
/// biases, norm gains and scalars get none.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// Base learning rate, multiplied by the schedule.
    pub lr: f64,
    /// Momentum: fraction of the last update added to the next; 0 disables it.
    pub momentum: f64,
    /// Whether to use Nesterov momentum.
    pub nesterov: bool,
    /// Weight decay, added to the gradient.
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { lr: 0.1, momentum: 0.9, nesterov: false, weight_decay: 0.0 }
    }
}

impl Settings for Sgd {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.lr > 0.0 && self.lr.is_finite(), "lr", "must be positive");
        problems.require((0.0..1.0).contains(&self.momentum), "momentum", "must be at least 0 and below 1");
        let ahead = !self.nesterov || self.momentum > 0.0;
        problems.require(ahead, "nesterov", "needs a momentum above 0");
        let decay = self.weight_decay >= 0.0 && self.weight_decay.is_finite();
        problems.require(decay, "weight_decay", "must not be negative");
    }
}

impl Plugin<dyn Optimizer> for Sgd {
    fn properties(&self) -> OptimizerProperties {
        OptimizerProperties { lr: self.lr }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(Running { settings: self.clone(), slots: Slots::new(["momentum"]) }))
    }
}

struct Running {
    settings: Sgd,
    slots: Slots<1>,
}

impl Optimizer for Running {
    fn step(&mut self, params: &Params, lr: f64) -> Result<()> {
        let _guard = tch::no_grad_guard();
        for (param, gradient) in with_gradient(params) {
            let update = self.update(param, gradient)?;
            let _ = param.tensor.shallow_clone().f_sub_(&update.f_mul_scalar(lr * param.lr_scale)?)?;
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
    /// The update at a learning rate of 1; does not modify the gradient.
    fn update(&mut self, param: &Param, gradient: Tensor) -> Result<Tensor> {
        let Sgd { momentum, nesterov, weight_decay, .. } = self.settings;
        let decay = if param.decay { weight_decay } else { 0.0 };
        let gradient =
            if decay > 0.0 { gradient.f_add(&param.tensor.f_mul_scalar(decay)?)? } else { gradient };
        if momentum == 0.0 {
            return Ok(gradient);
        }
        let [buffer] = self.slots.of(param, || Ok([gradient.f_zeros_like()?]))?;
        let buffer = buffer.shallow_clone().f_mul_scalar_(momentum)?.f_add_(&gradient)?;
        Ok(if nesterov { gradient.f_add(&buffer.f_mul_scalar(momentum)?)? } else { buffer })
    }
}
