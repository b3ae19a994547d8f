//! Batches of texts without their padding.

use anyhow::Result;
use clip_lab_torch_ext::is_tracing;
use tch::{Device, Kind, Tensor};

/// Packing costs copies around every attention, which fewer padding tokens than this fraction do not repay.
const WORTHWHILE: f64 = 0.1;

/// Where the tokens of a padded batch are. Packed, `[B, L, ...]` becomes `[T, ...]`: the T tokens of all texts in order,
/// without padding, so that no layer computes anything for padding.
///
/// Batches stay padded, and [`Packing::pack`] and [`Packing::pad`] return their input, where packing does not pay: if
/// there is little padding, on a GPU, where counting the tokens makes the host wait, and in a trace, which must take any
/// batch.
#[derive(Debug)]
pub struct Packing(Option<Packed>);

#[derive(Debug)]
struct Packed {
    /// Indices of the tokens in the flattened mask, ascending: `[T]`, int64.
    index: Tensor,
    /// The first token of each text, and T: `[B + 1]`, int64.
    offsets: Tensor,
    batch: i64,
    length: i64,
}

impl Packing {
    /// The packing of a batch with `mask` `[B, L]`, bool: true for tokens, false for padding.
    ///
    /// # Errors
    /// If the mask is not a matrix.
    pub fn new(mask: &Tensor) -> Result<Self> {
        let (batch, length) = mask.size2()?;
        if mask.device() != Device::Cpu || is_tracing() {
            return Ok(Self(None));
        }
        let index = mask.f_flatten(0, 1)?.f_nonzero()?.f_squeeze_dim(1)?;
        let padded = 1.0 - index.size1()? as f64 / (batch * length).max(1) as f64;
        if padded <= WORTHWHILE {
            return Ok(Self(None));
        }
        let ends = mask.f_sum_dim_intlist(1, false, Kind::Int64)?.f_cumsum(0, Kind::Int64)?;
        let offsets = Tensor::f_cat(&[Tensor::f_zeros([1], (Kind::Int64, Device::Cpu))?, ends], 0)?;
        Ok(Self(Some(Packed { index, offsets, batch, length })))
    }

    /// A batch that stays padded.
    pub fn none() -> Self {
        Self(None)
    }

    /// `[B, L, ...]` to `[T, ...]`.
    ///
    /// # Errors
    /// If the shape is another.
    pub fn pack(&self, x: &Tensor) -> Result<Tensor> {
        match &self.0 {
            None => Ok(x.shallow_clone()),
            Some(packed) => Ok(x.f_flatten(0, 1)?.f_index_select(0, &packed.index)?),
        }
    }

    /// `[T, ...]` to `[B, L, ...]`, with zeros for padding.
    ///
    /// # Errors
    /// If the shape is another.
    pub fn pad(&self, x: &Tensor) -> Result<Tensor> {
        let Some(Packed { index, batch, length, .. }) = &self.0 else { return Ok(x.shallow_clone()) };
        let mut size = x.size();
        size[0] = batch * length;
        let padded = Tensor::f_zeros(&size, (x.kind(), x.device()))?.f_index_copy(0, index, x)?;
        Ok(padded.f_unflatten(0, [*batch, *length])?)
    }

    /// The rows of `table` `[context, W]` for the position of each token in its text: `[T, W]`, or `[L, W]` for the first
    /// `length` positions of a padded batch.
    ///
    /// # Errors
    /// If a text is longer than the table.
    pub fn positions(&self, table: &Tensor, length: i64) -> Result<Tensor> {
        match &self.0 {
            None => Ok(table.f_narrow(0, 0, length)?),
            Some(packed) => Ok(table.f_index_select(0, &packed.index.f_remainder(packed.length)?)?),
        }
    }

    /// Values of the texts, `[B, ...]`, for each of their tokens: `[T, ...]`; those of a padded batch as they are.
    pub(crate) fn per_token(&self, values: &Tensor) -> Result<Tensor> {
        match &self.0 {
            None => Ok(values.shallow_clone()),
            Some(Packed { index, length, .. }) => {
                Ok(values.f_index_select(0, &index.f_div_scalar_mode(*length, "floor")?)?)
            }
        }
    }

    /// The first token of each text, and the number of tokens, `[B + 1]`; none of a padded batch.
    pub(crate) fn offsets(&self) -> Option<&Tensor> {
        self.0.as_ref().map(|packed| &packed.offsets)
    }

    /// The number of samples in `x`, packed or padded.
    pub(crate) fn samples(&self, x: &Tensor) -> i64 {
        self.0.as_ref().map_or_else(|| x.size()[0], |packed| packed.batch)
    }
}

impl Clone for Packing {
    fn clone(&self) -> Self {
        let copy = |Packed { index, offsets, batch, length }: &Packed| Packed {
            index: index.shallow_clone(),
            offsets: offsets.shallow_clone(),
            batch: *batch,
            length: *length,
        };
        Self(self.0.as_ref().map(copy))
    }
}
