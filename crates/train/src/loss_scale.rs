//! Loss scaling, which keeps small fp16 gradients from underflowing.

use anyhow::Result;
use clip_lab_plan::Precision;
use clip_lab_plugin_api::Params;
use clip_lab_torch_ext::global_norm;
use tch::Tensor;

/// Factor on the loss during backward, for fp16 only. The rules are those of PyTorch's `GradScaler`: the factor doubles
/// after 2,000 updates without overflow; on an overflow the update is skipped and the factor halves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossScale(Option<Scale>);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    factor: f64,
    good_steps: u32,
}

/// Updates without overflow after which the factor doubles.
const GROWTH_INTERVAL: u32 = 2000;

impl LossScale {
    /// 65,536 for fp16, none for the other precisions.
    pub fn new(precision: Precision) -> Self {
        Self((precision == Precision::Fp16).then_some(Scale { factor: 65536.0, good_steps: 0 }))
    }

    /// The factor; none if losses are not scaled.
    pub fn factor(&self) -> Option<f64> {
        self.0.map(|scale| scale.factor)
    }

    /// The scaled loss, for backward.
    pub fn apply(&self, loss: &Tensor) -> Result<Tensor> {
        Ok(self.0.map_or(Ok(loss.shallow_clone()), |scale| loss.f_mul_scalar(scale.factor))?)
    }

    /// Divides the gradients by the factor, in place. False if they overflowed: skip the update. Synchronises with the
    /// device if losses are scaled.
    pub fn unscale(&mut self, params: &Params) -> Result<bool> {
        let Some(scale) = &mut self.0 else { return Ok(true) };
        let grads = params.trained().map(|param| param.tensor.grad()).filter(Tensor::defined);
        let grads: Vec<Tensor> = grads.collect();
        for grad in &grads {
            let _ = tch::no_grad(|| grad.shallow_clone().f_mul_scalar_(1.0 / scale.factor))?;
        }
        let finite = grads.is_empty() || global_norm(&grads)?.double_value(&[]).is_finite();
        scale.update(finite);
        Ok(finite)
    }

    /// Counts a step whose loss is not finite as an overflow: no gradients were computed.
    pub fn overflow(&mut self) {
        if let Some(scale) = &mut self.0 {
            scale.update(false);
        }
    }

    /// Whether a step with a non-finite loss may be skipped and training may continue. In fp16 it may: an activation can
    /// overflow. False once the factor is below 1, as it is after 17 such steps in a row.
    pub fn may_skip(&self) -> bool {
        self.0.is_some_and(|scale| scale.factor >= 1.0)
    }

    /// The value in a checkpoint's metadata.
    pub fn to_metadata(self) -> String {
        self.0.map_or(String::new(), |scale| format!("{} {}", scale.factor, scale.good_steps))
    }

    /// Parses the output of [`LossScale::to_metadata`]; none if it is invalid.
    pub fn from_metadata(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        let (factor, good_steps) = text.split_once(' ')?;
        Some(Self(Some(Scale { factor: factor.parse().ok()?, good_steps: good_steps.parse().ok()? })))
    }
}

impl Scale {
    fn update(&mut self, finite: bool) {
        if !finite {
            (self.factor, self.good_steps) = (self.factor * 0.5, 0);
        } else if self.good_steps + 1 == GROWTH_INTERVAL {
            (self.factor, self.good_steps) = (self.factor * 2.0, 0);
        } else {
            self.good_steps += 1;
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
        assert!(scale.unscale(&params).unwrap());
        assert_eq!(weight.grad().double_value(&[0]), 3.0);
        assert_eq!(scale.factor(), Some(65536.0));
    }

    #[test]
    fn overflow_halves_the_factor_and_the_growth_interval_doubles_it() {
        let mut scale = LossScale::new(Precision::Fp16);
        let vars = nn::VarStore::new(Device::Cpu);
        let (bad, mut weight) = params(&vars, f64::INFINITY);
        assert!(!scale.unscale(&bad).unwrap());
        assert_eq!(scale.factor(), Some(32768.0));
        weight.zero_grad();
        for _ in 0..GROWTH_INTERVAL - 1 {
            assert!(scale.unscale(&bad).unwrap());
        }
        assert_eq!(scale.factor(), Some(32768.0));
        assert_eq!(LossScale::from_metadata(&scale.to_metadata()), Some(scale));
        assert!(scale.unscale(&bad).unwrap());
        assert_eq!(scale.factor(), Some(65536.0));
    }

    #[test]
    fn other_formats_scale_nothing() {
        for precision in [Precision::Fp32, Precision::Tf32, Precision::Bf16] {
            let mut scale = LossScale::new(precision);
            let vars = nn::VarStore::new(Device::Cpu);
            let (params, weight) = params(&vars, f64::INFINITY);
            assert!(scale.unscale(&params).unwrap() && scale.factor().is_none());
            assert!(weight.grad().double_value(&[0]).is_infinite());
            assert_eq!(LossScale::from_metadata(&scale.to_metadata()), Some(scale));
        }
        assert_eq!(LossScale::from_metadata("1 x"), None);
    }

    #[test]
    fn seventeen_non_finite_losses_in_a_row_end_a_run_in_fp16_and_one_in_other_formats() {
        let mut scale = LossScale::new(Precision::Fp16);
        let skipped = (0..100).take_while(|_| {
            scale.overflow();
            scale.may_skip()
        });
        assert_eq!(skipped.count(), 16);
        let mut scale = LossScale::new(Precision::Bf16);
        scale.overflow();
        assert!(!scale.may_skip());
    }
}
