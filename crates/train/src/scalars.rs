//! Scalars read from the device, and when a step reads its loss.

use anyhow::{Context as _, Result};
use tch::{Device, Kind, Tensor};

/// When a step checks that its loss is finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossCheck {
    /// Before the backward pass. On the CPU the value is available without waiting.
    BeforeBackward,
    /// Before the update. A GPU must finish its queue before a value can be read, so a step reads the loss once, with the
    /// values to record, when the backward pass is in the queue too. The gradients of a non-finite loss are dropped.
    BeforeUpdate,
}

impl LossCheck {
    /// The check of steps on `device`.
    pub fn on(device: Device) -> Self {
        if device == Device::Cpu { Self::BeforeBackward } else { Self::BeforeUpdate }
    }

    /// Whether the backward pass of `loss` must not run: false if the loss is checked later.
    ///
    /// # Errors
    /// If `loss` is not a scalar.
    pub fn stops(self, loss: &Tensor) -> Result<bool> {
        Ok(self == Self::BeforeBackward && !loss.f_double_value(&[])?.is_finite())
    }
}

/// The values of `scalars`. Those that are not on the CPU are copied from their device together, so that this waits for it
/// once.
///
/// # Errors
/// If a tensor does not have one element, or libtorch fails.
pub fn read(scalars: &[&Tensor]) -> Result<Vec<f64>> {
    let there: Vec<&Tensor> =
        scalars.iter().copied().filter(|scalar| scalar.device() != Device::Cpu).collect();
    let mut values = copied(&there)?.into_iter();
    let value = |scalar: &&Tensor| match scalar.device() {
        Device::Cpu => Ok(scalar.f_double_value(&[])?),
        _ => values.next().context("a scalar without a value"),
    };
    scalars.iter().map(value).collect()
}

/// The values of scalars of one device, in one copy.
fn copied(scalars: &[&Tensor]) -> Result<Vec<f64>> {
    if scalars.is_empty() {
        return Ok(Vec::new());
    }
    let doubles = scalars.iter().map(|scalar| Ok(scalar.f_to_kind(Kind::Double)?.f_reshape([1])?));
    Ok(Vec::<f64>::try_from(Tensor::f_cat(&doubles.collect::<Result<Vec<_>>>()?, 0)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_of_every_kind_are_read_exactly() {
        let scalars = [
            Tensor::from(0.1f32),
            Tensor::from(0.1f64),
            Tensor::from_slice(&[3i64]),
            Tensor::from(f32::INFINITY),
            Tensor::from(true),
        ];
        let all: Vec<&Tensor> = scalars.iter().collect();
        let want = [f64::from(0.1f32), 0.1, 3.0, f64::INFINITY, 1.0];
        assert_eq!((read(&all).unwrap(), copied(&all).unwrap()), (want.to_vec(), want.to_vec()));
        assert!(read(&[]).unwrap().is_empty() && copied(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_tensor_of_several_elements_is_an_error() {
        let two = Tensor::from_slice(&[1.0f32, 2.0]);
        assert!(read(&[&two]).is_err() && copied(&[&two]).is_err());
    }

    #[test]
    fn the_loss_is_checked_early_on_the_cpu_only() {
        let (finite, infinite) = (Tensor::from(1.0f32), Tensor::from(f32::INFINITY));
        let early = LossCheck::on(Device::Cpu);
        assert!(early.stops(&infinite).unwrap() && !early.stops(&finite).unwrap());
        let late = LossCheck::on(Device::Cuda(0));
        assert!(!late.stops(&infinite).unwrap() && !late.stops(&finite).unwrap());
    }
}
