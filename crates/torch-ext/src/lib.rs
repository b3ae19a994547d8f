//! Features of libtorch that tch lacks: the fused AdamW kernel, the norm of many tensors without synchronisation,
//! autocast on any device, deterministic kernels, activation recomputation, TorchScript modules, FLOP counts, peak memory,
//! pinned memory, copies on a stream of their own, process groups, attention of packed texts, and CUDA opened at run time.
//! Implemented by small C++ files in `shim/`. Nearly all `unsafe` code of the workspace is here.

mod attention;
mod cuda;
mod driver;
mod ffi;
mod flops;
#[cfg(test)]
mod generator;
mod heap;
mod kernels;
mod memory;
mod pinned;
mod precision;
pub mod process_group;
mod product;
mod recompute;
mod rows;
mod script;
mod stream;
mod trace;

pub use attention::packed_attention;
pub use cuda::{cuda_half, cuda_version, libtorch_folder, open_cuda, open_cuda_without_driver};
pub use driver::{gpu_model, oldest_driver};
pub use flops::{count_flops, uncounted};
pub use heap::retain_freed_memory;
pub use kernels::{
    are_convolutions_benchmarked, are_kernels_deterministic, benchmark_convolutions,
    use_deterministic_kernels,
};
pub use memory::{measure_peak_memory, peak_memory, reset_peak_memory};
pub use pinned::{pack, unpack, upload};
pub use precision::{allow_tf32, autocast, channels_last, without_tf32};
pub use product::Products;
pub use recompute::{is_recomputing, recompute_stages, stage};
pub use rows::{Row, Rows};
pub use script::Script;
pub use stream::{CopyStream, Upload};
pub use trace::{Trace, is_tracing};

use anyhow::Result;
use tch::Tensor;

/// The version of the libtorch that this program was built against, from its header, such as `2.13.0`.
pub const LIBTORCH: &str = env!("CLIP_LAB_LIBTORCH");

/// The constants of one AdamW update, <https://arxiv.org/abs/1711.05101>.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// Learning rate.
    pub lr: f64,
    /// Decay rate of the first moment.
    pub beta1: f64,
    /// Decay rate of the second moment.
    pub beta2: f64,
    /// Decoupled weight decay; the weights shrink by `lr * weight_decay`.
    pub weight_decay: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
}

/// One AdamW update of all `params` in place, with libtorch's fused kernel (one pass over memory).
///
/// `steps` are f32 scalars that count the updates *before* this one; this call increments each first, as in PyTorch.
/// All slices have the same length.
///
/// # Errors
/// If lengths, shapes, dtypes or devices differ.
pub fn fused_adamw(
    params: &[Tensor],
    grads: &[Tensor],
    exp_avgs: &[Tensor],
    exp_avg_sqs: &[Tensor],
    steps: &[Tensor],
    adamw: AdamW,
) -> Result<()> {
    let lengths = [grads.len(), exp_avgs.len(), exp_avg_sqs.len(), steps.len()];
    anyhow::ensure!(lengths.iter().all(|&n| n == params.len()), "fused_adamw: lists of different lengths");
    if params.is_empty() {
        return Ok(());
    }
    ffi::fused_adamw(params, grads, exp_avgs, exp_avg_sqs, steps, adamw)
}

/// Frees the gradients of `leaves`, as PyTorch's `zero_grad(set_to_none=True)`: the next backward pass then stores its
/// gradients instead of adding them to zeros.
pub fn drop_gradients(leaves: &[Tensor]) {
    ffi::drop_gradients(leaves);
}

/// The 2-norm of all tensors together, as a scalar on their device, without synchronisation.
///
/// # Errors
/// If the list is empty, or devices differ.
pub fn global_norm(tensors: &[Tensor]) -> Result<Tensor> {
    anyhow::ensure!(!tensors.is_empty(), "global_norm: no tensors");
    ffi::global_norm(tensors)
}

/// Multiplies every tensor in place by the scalar `factor` on their device, without synchronisation. A GPU runs one
/// kernel for many tensors.
///
/// # Errors
/// If devices differ.
pub fn scale_all(tensors: &[Tensor], factor: &Tensor) -> Result<()> {
    if tensors.is_empty() { Ok(()) } else { ffi::scale_all(tensors, factor) }
}

/// Replaces every tensor `t` in place by `(1 - weight) * t + weight * end`. A GPU runs one kernel for many tensors.
///
/// # Errors
/// If lengths, shapes, dtypes or devices differ, or a tensor does not have a floating-point type.
pub fn lerp_all(tensors: &[Tensor], ends: &[Tensor], weight: f64) -> Result<()> {
    anyhow::ensure!(tensors.len() == ends.len(), "lerp_all: lists of different lengths");
    if tensors.is_empty() { Ok(()) } else { ffi::lerp_all(tensors, ends, weight) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn the_fused_kernel_follows_the_formula() {
        let options = (Kind::Double, Device::Cpu);
        let (w, g) = (Tensor::from_slice(&[1.0f64, -2.0]), Tensor::from_slice(&[0.5f64, 0.25]));
        let (m, v) = (Tensor::zeros([2], options), Tensor::zeros([2], options));
        let step = Tensor::zeros([], (Kind::Float, Device::Cpu));
        let adamw = AdamW { lr: 0.1, beta1: 0.9, beta2: 0.98, weight_decay: 0.2, eps: 1e-6 };
        fused_adamw(&[w.shallow_clone()], &[g], &[m], &[v], &[step.shallow_clone()], adamw).unwrap();
        // After one step the bias-corrected moments are g and g^2.
        for (index, (w0, g)) in [(1.0, 0.5), (-2.0, 0.25f64)].into_iter().enumerate() {
            let want = w0 * (1.0 - 0.1 * 0.2) - 0.1 * g / (g.abs() + 1e-6);
            assert!((w.double_value(&[index as i64]) - want).abs() < 1e-12);
        }
        assert_eq!(step.double_value(&[]), 1.0);
    }

    #[test]
    fn libtorch_states_its_version() {
        assert_eq!(LIBTORCH.split('.').count(), 3, "{LIBTORCH}");
    }

    #[test]
    fn dropped_gradients_are_undefined_and_start_again() {
        let leaf = Tensor::ones([2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        for _ in 0..2 {
            (&leaf * 3.0).sum(Kind::Float).backward();
            assert_eq!(leaf.grad().double_value(&[0]), 3.0);
            drop_gradients(&[leaf.shallow_clone()]);
            assert!(!leaf.grad().defined());
        }
    }

    #[test]
    fn wrong_lists_are_errors() {
        let one = || Tensor::ones([2], (Kind::Float, Device::Cpu));
        let adamw = AdamW { lr: 0.1, beta1: 0.9, beta2: 0.98, weight_decay: 0.0, eps: 1e-6 };
        assert!(fused_adamw(&[one()], &[], &[one()], &[one()], &[one()], adamw).is_err());
        assert!(global_norm(&[]).is_err());
        assert!(lerp_all(&[one()], &[], 0.5).is_err());
        let longer = Tensor::ones([3], (Kind::Float, Device::Cpu));
        assert!(lerp_all(&[one()], &[longer], 0.5).is_err());
    }

    #[test]
    fn the_norm_is_that_of_all_tensors_together() {
        let norm = global_norm(&[Tensor::from_slice(&[3.0f32]), Tensor::from_slice(&[0.0f32, 4.0])]).unwrap();
        assert_eq!(norm.double_value(&[]), 5.0);
    }

    #[test]
    fn lists_are_scaled_and_interpolated_in_place() {
        let (a, b) = (Tensor::from_slice(&[1.0f32, -2.0]), Tensor::from_slice(&[4.0f32]));
        let list = [a.shallow_clone(), b.shallow_clone()];
        scale_all(&list, &Tensor::from(0.5f32)).unwrap();
        assert_eq!((a.double_value(&[1]), b.double_value(&[0])), (-1.0, 2.0));
        let ends = [Tensor::from_slice(&[1.5f32, 3.0]), Tensor::from_slice(&[6.0f32])];
        lerp_all(&list, &ends, 0.25).unwrap();
        assert_eq!(Vec::<f32>::try_from(&a).unwrap(), [0.75, 0.0]);
        assert_eq!(b.double_value(&[0]), 3.0);
        scale_all(&[], &Tensor::from(0.5f32)).unwrap();
        lerp_all(&[], &[], 0.5).unwrap();
    }
}
