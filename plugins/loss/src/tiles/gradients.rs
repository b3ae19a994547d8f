//! Gradients of a loss, accumulated tile by tile.

use clip_lab_plugin_api::prelude::*;

use super::grid::{Grid, Tile};
use crate::scale::wide;

/// Sums over the slopes w = B dL/dz; the factor B is divided out in `attach`.
pub struct Gradients {
    /// w text, `[b, D]`.
    image: Tensor,
    /// wᵀ image, `[B, D]`.
    text: Tensor,
    /// Sum of w, a scalar.
    bias: Tensor,
}

impl Gradients {
    pub fn new(grid: &Grid) -> Result<Self> {
        let options = (wide(grid.image.kind()), grid.image.device());
        let (image, text) = (grid.image.size(), grid.text.size());
        Ok(Self {
            image: Tensor::f_zeros(image, options)?,
            text: Tensor::f_zeros(text, options)?,
            bias: Tensor::f_zeros([0i64; 0], options)?,
        })
    }

    /// Adds the contribution of a tile with the slopes `[h, w]`.
    pub fn add(&mut self, grid: &Grid, at: &Tile, slope: &Tensor) -> Result<()> {
        let (own, text) = (grid.own(at), at.cols.of(&grid.text)?);
        let image = own.of(&grid.image)?;
        // Sums are accumulated in wide precision; products use the precision of the embeddings.
        let narrow = slope.f_to_kind(text.kind())?;
        let _ = own.of(&self.image)?.f_add_(&narrow.f_matmul(&text)?)?;
        let _ = at.cols.of(&self.text)?.f_add_(&narrow.f_tr()?.f_matmul(&image)?)?;
        let _ = self.bias.f_add_(&slope.f_sum(None)?)?;
        Ok(())
    }

    /// Attaches these gradients to `value`: adds the sum of argument times gradient minus its detached self, which is
    /// zero.
    pub fn attach(
        self,
        value: Tensor,
        grid: &Grid,
        stripe: &Stripe,
        scale: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let share = 1.0 / grid.batch() as f64;
        let of_scale = grid.image.f_mul(&self.image)?.f_sum(self.image.kind())? * share;
        let by = grid.scale.f_mul_scalar(share)?;
        let mut linear = scale.f_mul(&of_scale)?;
        for (argument, gradient) in [(stripe.image, &self.image), (stripe.text, &self.text)] {
            linear = linear.f_add(&argument.f_mul(&gradient.f_mul(&by)?)?.f_sum(None)?)?;
        }
        if let Some(bias) = bias {
            linear = linear.f_add(&bias.f_mul(&(self.bias * share))?)?;
        }
        Ok(value.f_add(&linear.f_sub(&linear.f_detach()?)?)?)
    }
}
