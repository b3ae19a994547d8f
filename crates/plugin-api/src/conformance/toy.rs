//! A small model with realistic parameter names, and training steps for it, to check optimizers and tricks.

use anyhow::Result;
use tch::{Device, Kind as DType, Tensor, nn};

use super::tools::{sorted, wave};
use crate::{Optimizer, Params, Report, State, Trick};

/// Parameter names and shapes.
const PARAMETERS: [(&str, &[i64]); 10] = [
    ("image.stem.weight", &[4, 3]),
    ("image.blocks.0.weight", &[4, 4]),
    ("image.blocks.0.bias", &[4]),
    ("image.blocks.1.weight", &[4, 4]),
    ("image.head.weight", &[4]),
    ("text.embeddings.weight", &[5, 4]),
    ("text.blocks.0.weight", &[4, 4]),
    ("image_projection.weight", &[3, 4]),
    ("text_projection.weight", &[3, 4]),
    ("loss.logit_scale", &[1]),
];

/// The model.
pub struct Toy {
    pub vars: nn::VarStore,
    pub params: Params,
}

impl Toy {
    /// With fixed initial weights.
    pub fn new() -> Self {
        let vars = nn::VarStore::new(Device::Cpu);
        for (index, (name, shape)) in PARAMETERS.iter().enumerate() {
            add_variable(&vars, name, wave(shape, Device::Cpu) * 0.3 + index as f64 * 0.05, true);
        }
        add_variable(&vars, "image.blocks.0.running_mean", wave(&[4], Device::Cpu), false);
        let layers = |tower: &str, names: &[&str]| {
            (tower.to_owned(), names.iter().map(|name| format!("{tower}.{name}")).collect())
        };
        let image = layers("image", &["stem", "blocks.0", "blocks.1", "head"]);
        let text = layers("text", &["embeddings", "blocks.0"]);
        let params = Params::new(&vars, vec![image, text]);
        Self { vars, params }
    }

    /// Copies the weights of `other`.
    pub fn copy_from(&mut self, other: &Toy) -> Result<()> {
        Ok(self.vars.copy(&other.vars)?)
    }

    /// Computes the gradients of a quadratic loss around fixed targets.
    pub fn backward(&self, step: u64) -> Result<()> {
        let mut loss = Tensor::zeros([1i64; 0], (DType::Float, Device::Cpu));
        for param in self.params.iter() {
            param.tensor.shallow_clone().zero_grad();
            let target = wave(&param.tensor.size(), Device::Cpu) * 0.7 + step as f64 * 0.01;
            loss += (&param.tensor - target).f_square()?.f_sum(DType::Float)?;
        }
        Ok(loss.f_backward()?)
    }

    /// Squared distance of the weights from the targets of [`Toy::backward`] at step 0.
    pub fn distance(&self) -> Result<f64> {
        let _guard = tch::no_grad_guard();
        let distance = |param: &crate::Param| -> Result<f64> {
            let target = wave(&param.tensor.size(), Device::Cpu) * 0.7;
            Ok(f64::try_from((&param.tensor - target).f_square()?.f_sum(DType::Double)?)?)
        };
        self.params.iter().map(distance).sum()
    }

    /// A copy of all weights and buffers.
    pub fn weights(&self) -> State {
        sorted(&self.vars).into_iter().map(|(name, tensor)| (name, tensor.detach().copy())).collect()
    }

    /// One training step with a trick and plain SGD.
    pub fn step_with(&mut self, trick: &mut dyn Trick, step: u64) -> Result<Report> {
        trick.before_step(&self.params, step)?;
        self.backward(step)?;
        let mut report = Report::default();
        trick.before_update(&self.params, step, &mut report)?;
        tch::no_grad(|| {
            for param in self.params.trained().filter(|param| param.tensor.grad().defined()) {
                let change = param.tensor.grad() * (0.05 * param.lr_scale);
                let _ = param.tensor.shallow_clone().f_sub_(&change)?;
            }
            anyhow::Ok(())
        })?;
        trick.after_update(&self.params, step)?;
        Ok(report)
    }

    /// One step of an optimizer.
    pub fn update(&mut self, optimizer: &mut dyn Optimizer, step: u64, lr: f64) -> Result<()> {
        self.backward(step)?;
        optimizer.step(&self.params, lr)
    }
}

fn add_variable(vars: &nn::VarStore, name: &str, value: Tensor, trainable: bool) {
    let (levels, leaf) = name.rsplit_once('.').unwrap_or(("", name));
    let path = levels.split('.').fold(vars.root(), |path, level| path / level);
    let _ = path.add(leaf, value, trainable);
}
