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
        output: *mut c_void,
    ) -> *mut c_char;
}

/// `softmax(q k^T / sqrt(W / heads)) v` within each text of a packed batch on the CPU, without computing anything for
/// padding: from `qkv` `[T, 3W]`, queries, keys and values side by side, to `[T, W]`. Text `i` consists of the tokens from
/// `offsets[i]` to `offsets[i + 1]`; `offsets` is int64 `[B + 1]`, contiguous. With `causal`, a token attends to itself and
/// earlier ones. Computes in single precision (in double for double), whatever the type of `qkv`; differentiable once.
///
/// # Errors
/// If the shapes do not fit, or the tensors are not on the CPU.
pub fn packed_attention(qkv: &Tensor, offsets: &Tensor, heads: i64, causal: bool) -> Result<Tensor> {
    let output = Tensor::new();
    // SAFETY: the tensors are alive for the call; the shim checks shapes and offsets, and assigns `output`.
    into_result(unsafe {
        shim_packed_attention(
            qkv.as_ptr().cast(),
            offsets.as_ptr().cast(),
            heads,
            causal,
            output.as_ptr().cast_mut().cast(),
        )
    })?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;
    use crate::count_flops;

    const HEADS: i64 = 2;
    const LENGTHS: [i64; 4] = [5, 1, 0, 33];

    fn offsets() -> Tensor {
        Tensor::from_slice(&[0_i64, 5, 6, 6, 39])
    }

    /// `[39, 3 * 2 * 10]`: no size is a multiple of the kernel's blocks.
    fn tokens(kind: Kind) -> Tensor {
        tch::manual_seed(1);
        Tensor::randn([39, 60], (Kind::Float, Device::Cpu)).to_kind(kind).set_requires_grad(true)
    }

    /// libtorch's attention, text by text.
    fn reference(qkv: &Tensor, causal: bool) -> Tensor {
        let texts = qkv.split_with_sizes(LENGTHS, 0).into_iter().filter(|text| text.size()[0] > 0);
        let attend = |text: Tensor| {
            let heads = text.view([-1, 3, HEADS, 10]).permute([1, 2, 0, 3]); // [3, H, L, D]
            let mixed = Tensor::scaled_dot_product_attention::<Tensor>(
                &heads.get(0),
                &heads.get(1),
                &heads.get(2),
                None,
                0.0,
                causal,
                None,
                false,
            );
            mixed.transpose(0, 1).flatten(1, 2)
        };
        Tensor::cat(&texts.map(attend).collect::<Vec<_>>(), 0)
    }

    /// The output, and the gradient of its weighted sum.
    fn run(qkv: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> [Tensor; 2] {
        let qkv = qkv.detach().set_requires_grad(true);
        let output = f(&qkv);
        let weights = (Tensor::arange(39 * 20, (Kind::Double, Device::Cpu)) * 0.7).sin().view_as(&output);
        (&output.to_kind(Kind::Double) * weights).sum(Kind::Double).backward();
        [output.detach(), qkv.grad()].map(|x| x.to_kind(Kind::Double))
    }

    #[test]
    fn values_and_gradients_are_those_of_libtorch_for_each_text() {
        for (kind, tolerance) in [(Kind::Double, 1e-13), (Kind::Float, 5e-6), (Kind::BFloat16, 0.03)] {
            for causal in [false, true] {
                let qkv = tokens(kind);
                let expected = run(&qkv, |x| reference(&x.to_kind(Kind::Double), causal).to_kind(kind));
                let got = run(&qkv, |x| packed_attention(x, &offsets(), HEADS, causal).unwrap());
                for (got, expected) in got.iter().zip(&expected) {
                    let error = (got - expected).abs().max().double_value(&[]);
                    assert!(error < tolerance, "{kind:?}, causal: {causal}: {error}");
                }
            }
        }
    }

    #[test]
    fn its_operations_are_counted_forward_and_backward() {
        let qkv = tokens(Kind::Float);
        let attend = || packed_attention(&qkv, &offsets(), HEADS, false).unwrap();
        let (_, flops) = count_flops(|| attend().sum(Kind::Float).backward()).unwrap();
        let pairs: i64 = LENGTHS.iter().map(|length| length * length).sum();
        assert_eq!(flops, 3 * 4 * 20 * pairs.unsigned_abs());
    }

    #[test]
    fn shapes_and_offsets_that_do_not_fit_are_errors() {
        let qkv = tokens(Kind::Float);
        assert!(packed_attention(&qkv, &offsets(), 7, false).is_err());
        assert!(packed_attention(&qkv.view([-1]), &offsets(), HEADS, false).is_err());
        for offsets in [&[0_i64, 40][..], &[0, 20, 10, 39], &[1, 39], &[]] {
            let error = packed_attention(&qkv, &Tensor::from_slice(offsets), HEADS, false).unwrap_err();
            assert!(error.to_string().contains("offsets must"), "{error}");
        }
    }
}
