//! Losses over the similarities of a batch without the matrix of all similarities: it is computed a tile at a time,
//! so that memory grows with the batch and not with its square.
//!
//! With z = scale * image textᵀ + bias, one pass over the tiles finds the loss and what a cell must know of its row and
//! column; another the slopes w = dL/dz, from which every gradient follows in closed form:
//! dL/dimage = scale * w text, dL/dtext = scale * wᵀ image, dL/dscale = sum(image * (w text)), dL/dbias = sum(w).

mod gradients;
mod grid;
mod sigmoid;
mod softmax;

pub use grid::Tile;
pub use sigmoid::Sigmoid;
pub use softmax::{Softmax, Targets};

use clip_lab_api::prelude::*;

use gradients::Gradients;
use grid::Grid;

/// Batches of more pairs than this are computed in tiles unless the spec says otherwise: from here on the whole takes more
/// than a tenth of a gigabyte, and a loss is so little of a step that a third more work on it does not show
/// (`cargo run -p plugins-loss --example memory`).
const WHOLE: i64 = 2048;
/// Side of a tile in pairs: a tile and what is made of it stay near the processor.
const SIDE: i64 = 1024;

/// A loss as a sum over the cells of the matrix of logits.
pub trait Cells {
    /// Whether a cell's slope needs nothing of the other cells: then one pass is enough.
    const LOCAL: bool;

    /// Takes in the logits `[h, w]` of a tile. Every tile comes once.
    ///
    /// # Errors
    /// Those of libtorch.
    fn see(&mut self, at: &Tile, logits: &Tensor) -> Result<()>;

    /// The loss, a scalar, once every tile was seen.
    ///
    /// # Errors
    /// Those of libtorch.
    fn value(&self) -> Result<Tensor>;

    /// B * dL/dz of a tile's cells, `[h, w]`; times B, so that half precision can hold it.
    ///
    /// # Errors
    /// Those of libtorch.
    fn slope(&self, at: &Tile, logits: &Tensor) -> Result<Tensor>;
}

/// What a spec calls `tile`, for a batch: the side of the tiles, or none when the matrix is computed whole.
pub fn side(tile: Option<u32>, batch: i64) -> Option<i64> {
    let side = match tile {
        None => (batch > WHOLE).then_some(SIDE)?,
        Some(side) => i64::from(side),
    };
    (side > 0 && side < batch).then_some(side)
}

/// The loss of a batch. Its gradients are ready made: they are attached as a linear function of value zero, so that
/// `backward` hands them on to the towers, to `scale` and to `bias` as if the whole matrix stood behind.
///
/// # Errors
/// When the shapes do not fit, and those of libtorch.
pub fn score<C: Cells>(
    mut cells: C,
    pair: &Pair,
    scale: &Tensor,
    bias: Option<&Tensor>,
    side: i64,
) -> Result<Tensor> {
    let grid = Grid::new(pair, scale, bias, side)?;
    let mut gradients = learns(pair, scale).then(|| Gradients::new(&grid)).transpose()?;
    let value = tch::no_grad(|| {
        for at in grid.tiles() {
            let logits = grid.logits(&at)?;
            cells.see(&at, &logits)?;
            if let (true, Some(gradients)) = (C::LOCAL, &mut gradients) {
                gradients.add(&grid, &at, &cells.slope(&at, &logits)?)?;
            }
        }
        for at in grid.tiles() {
            if let (false, Some(gradients)) = (C::LOCAL, &mut gradients) {
                gradients.add(&grid, &at, &cells.slope(&at, &grid.logits(&at)?)?)?;
            }
        }
        cells.value()
    })?;
    match gradients {
        Some(gradients) => gradients.attach(value, &grid, pair, scale, bias),
        None => Ok(value),
    }
}

/// Whether anybody will ask for gradients: not while none are recorded.
fn learns(pair: &Pair, scale: &Tensor) -> bool {
    [pair.image, pair.text, scale].iter().any(|tensor| tensor.view_as(tensor).requires_grad())
}
