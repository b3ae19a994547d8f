//! The factor on the loss that keeps small gradients of fp16 above zero.

use anyhow::Result;
use clip_lab_plan::Precision;
use clip_lab_plugin_api::Params;
use clip_lab_torch_ext::global_norm;
use tch::Tensor;

/// Factor on the loss while gradients are computed; fp16 has one, since it has few small numbers. The rules are those of
/// PyTorch's `GradScaler`: the factor doubles after 2,000 good updates and halves after one whose gradients
/// overflowed, which is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossScale(Option<Scale>);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    factor: f64,
    good: u32,
}

/// Updates without overflow after which the factor doubles.
const PATIENCE: u32 = 2000;

impl LossScale {
    /// 65,536 for fp16, none for all others.
    pub fn new(precision: Precision) -> Self {
        Self((precision == Precision::Fp16).then_some(Scale { factor: 65536.0, good: 0 }))
    }

    /// The factor; none where losses are not scaled.
    pub fn factor(&self) -> Option<f64> {
        self.0.map(|scale| scale.factor)
    }

    /// The loss to differentiate.
    ///
    /// # Errors
    /// Those of libtorch.
    pub fn apply(&self, loss: &Tensor) -> Result<Tensor> {
        Ok(self.0.map_or(Ok(loss.shallow_clone()), |scale| loss.f_mul_scalar(scale.factor))?)
    }

    /// Takes the factor off the gradients, in place. False when they overflowed: leave the update out. With a factor it
    /// waits for the device.
    ///
    /// # Errors
    /// Those of libtorch.
    pub fn take_off(&mut self, params: &Params) -> Result<bool> {
        let Some(scale) = &mut self.0 else { return Ok(true) };
        let grads = params.trained().map(|param| param.tensor.grad()).filter(Tensor::defined);
        let grads: Vec<Tensor> = grads.collect();
        for grad in &grads {
            let _ = tch::no_grad(|| grad.shallow_clone().f_mul_scalar_(1.0 / scale.factor))?;
        }
        let finite = grads.is_empty() || global_norm(&grads)?.double_value(&[]).is_finite();
        scale.adapt(finite);
        Ok(finite)
    }

    /// As checkpoints keep it.
    pub fn to_words(self) -> String {
        self.0.map_or(String::new(), |scale| format!("{} {}", scale.factor, scale.good))
    }

    /// Takes back what [`LossScale::to_words`] gave; none when it is something else.
    pub fn from_words(message: &str) -> Option<Self> {
        if message.is_empty() {
            return Some(Self(None));
        }
        let (factor, good) = message.split_once(' ')?;
        Some(Self(Some(Scale { factor: factor.parse().ok()?, good: good.parse().ok()? })))
    }
}

impl Scale {
    fn adapt(&mut self, finite: bool) {
        if !finite {
            (self.factor, self.good) = (self.factor * 0.5, 0);
        } else if self.good + 1 == PATIENCE {
            (self.factor, self.good) = (self.factor * 2.0, 0);
        } else {
            self.good += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind, nn};

    /// One weight whose gradient is `grad`.
    fn params(vars: &nn::VarStore, grad: f64) -> (Params, Tensor) {
        let weight = vars.root().f_var("w", &[1], nn::Init::Const(1.0)).unwrap();
        weight.f_mul_scalar(grad).unwrap().sum(Kind::Float).backward();
        (Params::new(vars, Vec::new()), weight)
    }

    #[test]
    fn a_scaled_loss_gives_the_gradients_of_the_loss() {
        let mut scale = LossScale::new(Precision::Fp16);
        let loss = Tensor::from(0.5f32);
        assert_eq!(scale.apply(&loss).unwrap(), Tensor::from(32768.0f32));
        let vars = nn::VarStore::new(Device::Cpu);
        let (params, weight) = params(&vars, 3.0 * 65536.0);
        assert!(scale.take_off(&params).unwrap());
        assert_eq!(weight.grad().double_value(&[0]), 3.0);
        assert_eq!(scale.factor(), Some(65536.0));
    }

    #[test]
    fn overflow_halves_the_factor_and_patience_doubles_it() {
        let mut scale = LossScale::new(Precision::Fp16);
        let vars = nn::VarStore::new(Device::Cpu);
        let (bad, mut weight) = params(&vars, f64::INFINITY);
        assert!(!scale.take_off(&bad).unwrap());
        assert_eq!(scale.factor(), Some(32768.0));
        weight.zero_grad();
        for _ in 0..PATIENCE - 1 {
            assert!(scale.take_off(&bad).unwrap());
        }
        assert_eq!(scale.factor(), Some(32768.0));
        assert_eq!(LossScale::from_words(&scale.to_words()), Some(scale));
        assert!(scale.take_off(&bad).unwrap());
        assert_eq!(scale.factor(), Some(65536.0));
    }

    #[test]
    fn other_formats_scale_nothing() {
        for precision in [Precision::Fp32, Precision::Tf32, Precision::Bf16] {
            let mut scale = LossScale::new(precision);
            let vars = nn::VarStore::new(Device::Cpu);
            let (params, weight) = params(&vars, f64::INFINITY);
            assert!(scale.take_off(&params).unwrap() && scale.factor().is_none());
            assert!(weight.grad().double_value(&[0]).is_infinite());
            assert_eq!(LossScale::from_words(&scale.to_words()), Some(scale));
        }
        assert_eq!(LossScale::from_words("1 x"), None);
    }
}
