//! The matrix of logits, split into tiles.

use clip_lab_plugin_api::prelude::*;

use crate::scale::Scale;

/// A range of rows or columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: i64,
    pub len: i64,
}

impl Span {
    /// These rows of a tensor; shares its storage.
    pub fn of(&self, tensor: &Tensor) -> Result<Tensor> {
        Ok(tensor.f_narrow(0, self.start, self.len)?)
    }

    /// Parts of `side` rows; the last may be smaller.
    fn split(self, side: i64) -> impl Iterator<Item = Span> {
        let end = self.start + self.len;
        let starts = (self.start..end).step_by(side as usize);
        starts.map(move |start| Span { start, len: side.min(end - start) })
    }

    /// Their indices, `[len]` int64.
    fn indices(&self, device: Device) -> Result<Tensor> {
        Ok(Tensor::f_arange_start(self.start, self.start + self.len, (DType::Int64, device))?)
    }
}

/// A part of the matrix: images `rows` by captions `cols`, counted in the whole batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    pub rows: Span,
    pub cols: Span,
}

impl Tile {
    /// The tile that covers the whole matrix.
    pub fn whole(batch: i64) -> Self {
        let all = Span { start: 0, len: batch };
        Self { rows: all, cols: all }
    }

    /// Where row and column have equal `[B]` group ids, `[h, w]` bool.
    pub fn equal(&self, ids: &Tensor) -> Result<Tensor> {
        Ok(self.rows.of(ids)?.f_unsqueeze(1)?.f_eq_tensor(&self.cols.of(ids)?.f_unsqueeze(0)?)?)
    }

    /// The diagonal of the matrix within this tile, `[h, w]` bool; none if it does not cross the tile.
    pub fn diagonal(&self, device: Device) -> Result<Option<Tensor>> {
        let (rows, cols) = (self.rows, self.cols);
        if rows.start >= cols.start + cols.len || cols.start >= rows.start + rows.len {
            return Ok(None);
        }
        let (rows, cols) = (rows.indices(device)?.f_unsqueeze(1)?, cols.indices(device)?.f_unsqueeze(0)?);
        Ok(Some(rows.f_eq_tensor(&cols)?))
    }
}

/// Detached embeddings, scale and bias, and the tiles of their stripe of the matrix.
pub struct Grid {
    /// `[b, D]`.
    pub image: Tensor,
    /// `[B, D]`.
    pub text: Tensor,
    first: i64,
    pub scale: Tensor,
    bias: Option<Tensor>,
    side: i64,
}

impl Grid {
    pub fn new(stripe: &Stripe, scale: &Tensor, bias: Option<&Tensor>, side: i64) -> Result<Self> {
        stripe.check()?;
        ensure!(side > 0, "a tile needs at least one row");
        Ok(Self {
            image: stripe.image.f_detach()?,
            text: stripe.text.f_detach()?,
            first: stripe.first,
            scale: scale.f_detach()?,
            bias: bias.map(Tensor::f_detach).transpose()?,
            side,
        })
    }

    /// Pairs in the batch.
    pub fn batch(&self) -> i64 {
        self.text.size()[0]
    }

    /// The rows of the stripe.
    pub fn rows(&self) -> Span {
        Span { start: self.first, len: self.image.size()[0] }
    }

    /// The rows of a tile among those of the stripe.
    pub fn own(&self, at: &Tile) -> Span {
        Span { start: at.rows.start - self.first, ..at.rows }
    }

    /// All tiles, row by row; the last ones may be smaller.
    pub fn tiles(&self) -> impl Iterator<Item = Tile> {
        let (rows, all, side) = (self.rows(), Span { start: 0, len: self.batch() }, self.side);
        rows.split(side).flat_map(move |rows| all.split(side).map(move |cols| Tile { rows, cols }))
    }

    /// `[h, w]` logits of a tile, in f32 at least.
    pub fn logits(&self, at: &Tile) -> Result<Tensor> {
        let cosine = Scale::cosine(&self.own(at).of(&self.image)?, &at.cols.of(&self.text)?)?;
        let mut logits = cosine.f_mul(&self.scale)?;
        match &self.bias {
            Some(bias) => Ok(logits.f_add_(bias)?),
            None => Ok(logits),
        }
    }
}
