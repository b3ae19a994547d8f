//! Self-attention of packed texts.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};

use anyhow::Result;
use tch::Tensor;

use crate::ffi::into_result;

unsafe extern "C" {
    fn shim_packed_attention(
        qkv: *const c_void,
        offsets: *const c_void,
        heads: i64,
        causal: bool,
        dropout: f64,
        output: *mut c_void,
    ) -> *mut c_char;
}

/// `softmax(q k^T / sqrt(W / heads)) v` within each text of a packed batch on the CPU, without computing anything for
/// padding: from `qkv` `[T, 3W]`, queries, keys and values side by side, to `[T, W]`. Text `i` consists of the tokens from
/// `offsets[i]` to `offsets[i + 1]`; `offsets` is int64 `[B + 1]`, contiguous. With `causal`, a token attends to itself and
/// earlier ones. Computes in single precision (in double for double), whatever the type of `qkv`; differentiable once.
///
/// `dropout` is the probability with which a weight is zeroed; the others are divided by `1 - dropout`. Which are kept is
/// drawn from libtorch's generator as one tensor, text by text and head by head, and stored for the backward pass: a byte
/// for each head and pair of tokens of a text. Without dropout nothing is drawn.
///
/// # Errors
/// If the shapes do not fit, the tensors are not on the CPU, or `dropout` is outside of [0, 1).
pub fn packed_attention(
    qkv: &Tensor,
    offsets: &Tensor,
    heads: i64,
    causal: bool,
    dropout: f64,
) -> Result<Tensor> {
    let output = Tensor::new();
    // SAFETY: the tensors are alive for the call; the shim checks shapes and offsets, and assigns `output`.
    into_result(unsafe {
        shim_packed_attention(
            qkv.as_ptr().cast(),
            offsets.as_ptr().cast(),
            heads,
            causal,
            dropout,
            output.as_ptr().cast_mut().cast(),
        )
    })?;
    Ok(output)
}

#[cfg(test)]
mod tests;
