//! Contrastive losses without the whole similarity matrix: it is computed one tile at a time, so memory grows linearly
//! with the batch, not quadratically.
//!
//! With z = scale * image textᵀ + bias, the first pass over the tiles computes the loss and, for each row and column,
//! what its cells need; the second the slopes w = dL/dz, from which every gradient follows in closed form: dL/dimage =
//! scale * w text, dL/dtext = scale * wᵀ image, dL/dscale = sum(image * (w text)), dL/dbias = sum(w).

mod gradients;
mod grid;
mod sigmoid;
mod softmax;

pub use grid::{Span, Tile};
pub use sigmoid::Sigmoid;
pub use softmax::{Softmax, Targets};

use clip_lab_plugin_api::prelude::*;

use gradients::Gradients;
use grid::Grid;

use crate::scale::wide;

/// Larger batches use tiles by default: beyond this the whole matrix takes more than a tenth of a gigabyte, and the
/// loss is so small a part of a step that its extra third of work is not measurable
/// (`cargo run -p plugins-loss --example memory`).
const WHOLE: i64 = 2048;
/// Side of a tile in pairs: small enough that a tile and its intermediates stay in the cache.
const SIDE: i64 = 1024;

/// A loss that is a sum over the cells of the matrix of logits.
pub trait Cells {
    /// Whether a cell's slope depends on that cell alone; then one pass is enough.
    const LOCAL: bool;

    /// Accumulates the logits `[h, w]` of a tile. Called once for every tile.
    fn accumulate(&mut self, at: &Tile, logits: &Tensor) -> Result<()>;

    /// Adds what the other stripes have accumulated for the columns.
    fn merge(&mut self, _all: &dyn AllReduce) -> Result<()> {
        Ok(())
    }

    /// The terms of the loss of the stripe with these rows, a scalar; valid after every tile has been added.
    fn value(&self, rows: &Span) -> Result<Tensor>;

    /// B * dL/dz of a tile's cells, `[h, w]`; times B, so that it is representable in half precision.
    fn slope(&self, at: &Tile, logits: &Tensor) -> Result<Tensor>;
}

/// The side of the tiles for a batch, from the setting `tile`; none if the matrix is computed whole.
pub fn side(tile: Option<u32>, batch: i64) -> Option<i64> {
    let side = match tile {
        None => (batch > WHOLE).then_some(SIDE)?,
        Some(side) => i64::from(side),
    };
    (side > 0 && side < batch).then_some(side)
}

/// The side of the tiles for a stripe of a batch; one tile covers the stripe if the matrix is computed whole.
pub fn side_of_stripe(tile: Option<u32>, stripe: &Stripe) -> i64 {
    side(tile, stripe.batch()).unwrap_or(stripe.batch()).max(1)
}

/// Kind and device of the sums of a batch with embeddings like `like`: f32 at least.
pub fn sums(like: &Tensor) -> (DType, Device) {
    (wide(like.kind()), like.device())
}

/// Kind and device of the sums of a stripe: each rounding of a sum would be a difference between numbers of processes.
pub fn sums_of_stripe(like: &Tensor) -> (DType, Device) {
    (DType::Double, like.device())
}

/// The loss of a batch, from its only stripe or, with `all`, from one of several. Its gradients are computed here and
/// attached as a linear function of value zero, so `backward` passes them to the towers, to `scale` and to `bias` as with
/// the whole matrix.
pub fn score<C: Cells>(
    mut cells: C,
    stripe: &Stripe,
    scale: &Tensor,
    bias: Option<&Tensor>,
    side: i64,
    all: Option<&dyn AllReduce>,
) -> Result<Tensor> {
    let grid = Grid::new(stripe, scale, bias, side)?;
    let mut gradients = needs_gradients(stripe, scale).then(|| Gradients::new(&grid)).transpose()?;
    let value = tch::no_grad(|| {
        for at in grid.tiles() {
            let logits = grid.logits(&at)?;
            cells.accumulate(&at, &logits)?;
            if let (true, Some(gradients)) = (C::LOCAL, &mut gradients) {
                gradients.add(&grid, &at, &cells.slope(&at, &logits)?)?;
            }
        }
        if let Some(all) = all {
            cells.merge(all)?;
        }
        for at in grid.tiles() {
            if let (false, Some(gradients)) = (C::LOCAL, &mut gradients) {
                gradients.add(&grid, &at, &cells.slope(&at, &grid.logits(&at)?)?)?;
            }
        }
        let value = cells.value(&grid.rows())?;
        let value = all.map_or(Ok(value.shallow_clone()), |all| all.sum(&value))?;
        Ok::<_, anyhow::Error>(value.f_to_kind(wide(stripe.image.kind()))?)
    })?;
    match gradients {
        Some(gradients) => gradients.attach(value, &grid, stripe, scale, bias),
        None => Ok(value),
    }
}

/// Whether gradients are needed; not under no_grad.
fn needs_gradients(stripe: &Stripe, scale: &Tensor) -> bool {
    [stripe.image, stripe.text, scale].iter().any(|tensor| tensor.view_as(tensor).requires_grad())
}
