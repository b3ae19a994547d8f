//! L2 normalisation of embeddings.

use anyhow::Result;
use tch::Tensor;

/// Smallest norm that a row is divided by, as in `torch.nn.functional.normalize`.
const EPS: f64 = 1e-12;

/// L2-normalises rows, `[B, D]`, as `torch.nn.functional.normalize`: each is divided by its norm, by 1e-12 at least, so
/// that a row of zeros stays zero and has a finite gradient.
pub fn unit(rows: &Tensor) -> Result<Tensor> {
    Ok(rows.f_div(&rows.f_norm_scalaropt_dim(2, [-1], true)?.f_clamp_min(EPS)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    /// Normalised rows, and the gradient of a weighted sum of their values.
    fn forward_backward(rows: &Tensor, normalise: impl Fn(&Tensor) -> Tensor) -> (Tensor, Tensor) {
        let rows = rows.copy().set_requires_grad(true);
        let normalised = normalise(&rows);
        let weights = Tensor::arange(rows.numel() as i64, (Kind::Float, Device::Cpu)).view_as(&rows);
        (&normalised * weights).sum(Kind::Float).backward();
        (normalised.detach(), rows.grad())
    }

    #[test]
    fn ordinary_rows_are_divided_by_their_norm_to_the_bit() {
        let rows = Tensor::from_slice2(&[[3.0f32, -4.0, 0.1], [1e-5, 2e-5, -7e-6], [1e4, 0.3, 2.5e3]]);
        let plain = |rows: &Tensor| rows / rows.norm_scalaropt_dim(2, [-1], true);
        let ours = forward_backward(&rows, |rows| unit(rows).unwrap());
        assert_eq!(ours, forward_backward(&rows, plain));
    }

    #[test]
    fn a_row_of_zeros_stays_zero_and_has_a_finite_gradient() {
        let rows = Tensor::from_slice2(&[[0.0f32, 0.0, 0.0], [1.0, 2.0, 2.0]]);
        let (normalised, gradient) = forward_backward(&rows, |rows| unit(rows).unwrap());
        assert_eq!(normalised.get(0), Tensor::zeros([3], (Kind::Float, Device::Cpu)));
        assert!(bool::try_from(gradient.isfinite().all()).unwrap(), "{gradient:?}");
        // The loss is linear in the row there: its gradient is that of the normalised row, divided by 1e-12.
        assert!((gradient.double_value(&[0, 2]) / 2e12 - 1.0).abs() < 1e-6);
    }
}
