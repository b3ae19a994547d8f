//! Which kernel libtorch chooses for an operation. The settings are those of the whole process.
#![allow(unsafe_code)]

use std::ffi::c_char;

use anyhow::Result;

use crate::ffi::into_result;

unsafe extern "C" {
    fn shim_use_deterministic_kernels(deterministic: bool) -> *mut c_char;
    fn shim_are_kernels_deterministic() -> bool;
    fn shim_benchmark_convolutions(benchmark: bool) -> *mut c_char;
    fn shim_are_convolutions_benchmarked() -> bool;
}

/// Whether only deterministic kernels may be used, as by PyTorch's `torch.use_deterministic_algorithms` and
/// `torch.backends.cudnn.deterministic`. An operation that has none is then an error. So is a matrix product on a GPU,
/// unless `CUBLAS_WORKSPACE_CONFIG` was `:4096:8` or `:16:8` before CUDA was opened.
pub fn use_deterministic_kernels(deterministic: bool) -> Result<()> {
    // SAFETY: sets two flags.
    into_result(unsafe { shim_use_deterministic_kernels(deterministic) })
}

/// Whether only deterministic kernels may be used.
pub fn are_kernels_deterministic() -> bool {
    // SAFETY: reads two flags.
    unsafe { shim_are_kernels_deterministic() }
}

/// Whether cuDNN measures its kernels at the first convolution of each shape and uses the fastest from then on, as by
/// PyTorch's `torch.backends.cudnn.benchmark`. The choice may differ between two runs. Has no effect on CPUs.
pub fn benchmark_convolutions(benchmark: bool) -> Result<()> {
    // SAFETY: sets a flag.
    into_result(unsafe { shim_benchmark_convolutions(benchmark) })
}

/// Whether cuDNN chooses kernels by measurement.
pub fn are_convolutions_benchmarked() -> bool {
    // SAFETY: reads a flag.
    unsafe { shim_are_convolutions_benchmarked() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_settings_are_switched() {
        for on in [true, false] {
            use_deterministic_kernels(on).unwrap();
            benchmark_convolutions(!on).unwrap();
            assert_eq!((are_kernels_deterministic(), are_convolutions_benchmarked()), (on, !on));
        }
        benchmark_convolutions(false).unwrap();
    }
}
