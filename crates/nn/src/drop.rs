//! Dropout of values, residual branches and patches. If nothing is dropped, no random number is drawn.

use anyhow::Result;
use tch::{Kind, Tensor};

use crate::Packing;

/// Dropout with probability `p` during training.
///
/// # Errors
/// If libtorch cannot allocate the result.
pub fn dropout(x: Tensor, p: f64, train: bool) -> Result<Tensor> {
    if train && p > 0.0 { Ok(x.f_dropout(p, true)?) } else { Ok(x) }
}

/// Stochastic depth (Huang et al., 2016, <https://arxiv.org/abs/1603.09382>) as in timm: during training, zeroes a
/// residual branch `[B, ...]` for whole samples with probability `p` and divides the others by `1 - p`.
///
/// # Errors
/// If libtorch cannot allocate the result.
pub fn drop_path(x: Tensor, p: f64, train: bool) -> Result<Tensor> {
    drop_path_packed(x, &Packing::none(), p, train)
}

/// [`drop_path`] of packed tokens `[T, W]`: draws the same numbers as for the padded batch `[B, L, W]`.
pub(crate) fn drop_path_packed(x: Tensor, packing: &Packing, p: f64, train: bool) -> Result<Tensor> {
    if !train || p <= 0.0 {
        return Ok(x);
    }
    let keep = 1.0 - p;
    let samples = packing.samples(&x);
    let mut shape = vec![1; x.dim()];
    shape[0] = samples;
    let mut mask = Tensor::f_empty(&shape, (x.kind(), x.device()))?.f_bernoulli_float_(keep)?;
    Ok(x.f_mul(&packing.per_token(&mask.f_div_scalar_(keep)?)?)?)
}

/// The probability for residual block `index` of `depth`: rises linearly from 0 at the first to `rate` at the last. A
/// single block has 0.
pub fn drop_path_rate(rate: f64, index: i64, depth: i64) -> f64 {
    rate * index as f64 / (depth - 1).max(1) as f64
}

/// Patch dropout (Li et al., 2022, <https://arxiv.org/abs/2212.00794>) as in open_clip: during training, keeps a random
/// fraction `1 - p` of the patches of each sample, at least one. `[B, first + N, W]` to `[B, first + kept, W]`; the
/// `first` tokens are always kept.
///
/// # Errors
/// If there are at most `first` tokens.
pub fn drop_patches(x: Tensor, p: f64, first: i64, train: bool) -> Result<Tensor> {
    if !train || p <= 0.0 {
        return Ok(x);
    }
    let (batch, length, width) = x.size3()?;
    let patches = length - first;
    let kept = ((patches as f64 * (1.0 - p)) as i64).max(1);
    let draw = Tensor::f_randn([batch, patches], (Kind::Float, x.device()))?;
    let (_, chosen) = draw.f_topk(kept, -1, true, true)?; // [B, kept]
    let chosen = chosen.f_unsqueeze(-1)?.f_expand([batch, kept, width], false)?;
    let patches = x.f_narrow(1, first, patches)?.f_gather(1, &chosen, false)?;
    Ok(Tensor::f_cat(&[x.f_narrow(1, 0, first)?, patches], 1)?)
}
