//! An optimizer: Lion.

use std::collections::BTreeMap;

use clip_lab_plugin_api::prelude::*;

/// Lion (<https://arxiv.org/abs/2302.06675>): every weight moves by the learning rate, in the direction of the sign of
/// a moving average of its gradients. Needs a learning rate about ten times lower than AdamW, and ten times more weight
/// decay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// The peak learning rate, which the schedule scales.
    pub lr: f64,
    /// Weight of the moving average in the update direction.
    pub beta1: f64,
    /// Decay rate of the moving average.
    pub beta2: f64,
    /// Decoupled weight decay.
    pub decay: f64,
}

impl Default for MyPlugin {
    fn default() -> Self {
        Self { lr: 1e-4, beta1: 0.9, beta2: 0.99, decay: 1.0 }
    }
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.lr > 0.0 && self.lr.is_finite(), "lr", "must be positive");
        problems.require(self.decay >= 0.0 && self.decay.is_finite(), "decay", "must not be negative");
        for (key, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            problems.require((0.0..1.0).contains(&beta), key, "must be from 0 to below 1");
        }
    }
}

impl Plugin<dyn Optimizer> for MyPlugin {
    fn properties(&self) -> OptimizerProperties {
        OptimizerProperties { lr: self.lr }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(Lion { settings: self.clone(), means: BTreeMap::new() }))
    }
}

struct Lion {
    settings: MyPlugin,
    means: BTreeMap<String, Tensor>,
}

impl Optimizer for Lion {
    fn step(&mut self, params: &Params, lr: f64) -> Result<()> {
        let _guard = tch::no_grad_guard();
        let MyPlugin { beta1, beta2, decay, .. } = self.settings;
        for param in params.trained().filter(|param| param.tensor.grad().defined()) {
            let (gradient, lr) = (param.tensor.grad(), lr * param.lr_scale);
            let mean = self.means.entry(param.name.clone()).or_insert_with(|| gradient.zeros_like());
            // The restored state may be on another device.
            *mean = mean.f_to_device(gradient.device())?;
            let direction = (&*mean * beta1 + &gradient * (1.0 - beta1)).f_sign()?;
            let decay = if param.decay { decay } else { 0.0 };
            let mut weight = param.tensor.shallow_clone();
            let _ = weight.f_sub_(&((direction + &weight * decay) * lr))?;
            *mean = &*mean * beta2 + gradient * (1.0 - beta2);
        }
        Ok(())
    }

    fn state(&self) -> State {
        self.means.iter().map(|(name, mean)| (format!("mean/{name}"), mean.copy())).collect()
    }

    fn restore(&mut self, state: State) -> Result<()> {
        let named = |(name, mean): (String, Tensor)| {
            let name = name.strip_prefix("mean/").context("this is not the state of `my_plugin`")?;
            Ok((name.to_owned(), mean))
        };
        self.means = state.into_iter().map(named).collect::<Result<_>>()?;
        Ok(())
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.optimizer.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
