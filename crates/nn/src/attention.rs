//! Multi-head attention.

use anyhow::Result;
use clip_lab_torch_ext::packed_attention;
use tch::{Tensor, nn};

use crate::{Linear, LinearInit, Packing};

/// Which keys a query attends to.
#[derive(Debug, Clone, Copy)]
pub enum Mask<'a> {
    /// Every key.
    None,
    /// Keys at the query's own and earlier positions.
    Causal,
    /// Keys where the mask `[B, L]`, bool, is true.
    Keys(&'a Tensor),
}

/// `softmax(q k^T / sqrt(d)) v` in `heads` heads: `[B, Q, W]`, `[B, K, W]`, `[B, K, W]` to `[B, Q, W]`.
/// `dropout` is the dropout probability of the attention weights; zero outside of training.
///
/// # Errors
/// If the shapes do not fit or `heads` does not divide the width.
pub fn attend(
    (q, k, v): (&Tensor, &Tensor, &Tensor),
    heads: i64,
    mask: Mask<'_>,
    dropout: f64,
) -> Result<Tensor> {
    // No size of batch or text is a constant, so that a traced tower takes batches of any size.
    let (_, _, width) = q.size3()?;
    let split = |x: &Tensor| -> Result<Tensor> {
        Ok(x.f_unflatten(-1, [heads, width / heads])?.f_transpose(1, 2)?) // [B, heads, L, W / heads]
    };
    let keys = match mask {
        Mask::Keys(mask) => Some(mask.f_unsqueeze(1)?.f_unsqueeze(1)?), // [B, 1, 1, K]
        Mask::None | Mask::Causal => None,
    };
    let causal = matches!(mask, Mask::Causal);
    let mixed = Tensor::f_scaled_dot_product_attention(
        &split(q)?,
        &split(k)?,
        &split(v)?,
        keys.as_ref(),
        dropout,
        causal,
        None,
        false,
    )?;
    Ok(mixed.f_transpose(1, 2)?.f_flatten(-2, -1)?)
}

/// Configuration of self-attention.
#[derive(Debug, Clone, Copy)]
pub struct AttentionConfig {
    /// Width of the tokens.
    pub width: i64,
    /// Number of heads; must divide the width.
    pub heads: i64,
    /// Whether query, key and value have a bias.
    pub qkv_bias: bool,
    /// Dropout probability of the attention weights during training.
    pub dropout: f64,
}

/// Self-attention. Variables: `qkv` (query, key and value, stacked), `out`.
#[derive(Debug)]
pub struct Attention {
    qkv: Linear,
    out: Linear,
    heads: i64,
    dropout: f64,
}

impl Attention {
    /// Creates the variables; `init` is for `qkv` and `out`.
    ///
    /// # Errors
    /// If libtorch cannot allocate the variables.
    pub fn new(vars: &nn::Path<'_>, config: AttentionConfig, init: (LinearInit, LinearInit)) -> Result<Self> {
        let AttentionConfig { width, heads, qkv_bias, dropout } = config;
        let qkv = Linear::new(&(vars / "qkv"), width, 3 * width, qkv_bias, init.0)?;
        let out = Linear::new(&(vars / "out"), width, width, true, init.1)?;
        Ok(Self { qkv, out, heads, dropout })
    }

    /// `[B, L, W]`, or packed `[T, W]`, to the same shape. A mask of keys is that of the packing.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward(&self, x: &Tensor, mask: Mask<'_>, packing: &Packing, train: bool) -> Result<Tensor> {
        let qkv = self.qkv.forward(x)?;
        let dropout = if train { self.dropout } else { 0.0 };
        let mixed = match (packing.offsets(), mask) {
            (Some(offsets), Mask::Causal | Mask::Keys(_)) => {
                packed_attention(&qkv, offsets, self.heads, matches!(mask, Mask::Causal), dropout)?
            }
            _ => {
                let parts = packing.pad(&qkv)?.f_chunk(3, -1)?; // [B, L, W] each
                packing.pack(&attend((&parts[0], &parts[1], &parts[2]), self.heads, mask, dropout)?)?
            }
        };
        self.out.forward(&mixed)
    }
}
