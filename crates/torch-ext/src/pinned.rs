//! Pinned memory: pages of the host that cannot be swapped, so that a GPU can copy them asynchronously.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};

use anyhow::{Result, bail};
use tch::{Device, Kind, Tensor};

use crate::ffi::into_result;

unsafe extern "C" {
    fn shim_pinned(size: *const i64, dims: usize, dtype: i8, out: *mut c_void) -> *mut c_char;
}

/// An uninitialised, contiguous CPU tensor of `size`, to be filled and copied to `device`; `kind` is Float or Int64. For
/// a GPU it is allocated in pinned memory. libtorch's caching allocator keeps freed pinned memory, and reuses it once the
/// asynchronous copies from it have ended.
///
/// # Errors
/// If libtorch cannot allocate it, or for another kind.
pub(crate) fn empty_for(device: Device, size: &[i64], kind: Kind) -> Result<Tensor> {
    let dtype = match kind {
        Kind::Int64 => 4,
        Kind::Float => 6,
        other => bail!("pinned memory holds Float or Int64, not {other:?}"),
    };
    if !device.is_cuda() {
        return Ok(Tensor::f_empty(size, (kind, Device::Cpu))?);
    }
    let mut out = Tensor::new();
    // SAFETY: `size` has as many values as stated, and `out` is a live tensor, which is assigned.
    into_result(unsafe { shim_pinned(size.as_ptr(), size.len(), dtype, out.as_mut_ptr().cast()) })?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Cuda;

    #[test]
    fn memory_for_a_gpu_is_pinned() {
        let gpu = Cuda::is_available();
        for kind in [Kind::Float, Kind::Int64] {
            let plain = empty_for(Device::Cpu, &[2, 3], kind).unwrap();
            assert_eq!((plain.size(), plain.kind(), plain.device()), (vec![2, 3], kind, Device::Cpu));
            match empty_for(Device::Cuda(0), &[2, 3], kind) {
                Ok(pinned) => {
                    assert!(gpu && pinned.is_pinned(Device::Cuda(0)) && pinned.is_contiguous());
                    assert_eq!(
                        (pinned.size(), pinned.kind(), pinned.device()),
                        (vec![2, 3], kind, Device::Cpu)
                    );
                }
                Err(error) => assert!(!gpu, "{error:#}"),
            }
        }
        assert!(empty_for(Device::Cpu, &[1], Kind::Half).unwrap_err().to_string().contains("not Half"));
    }
}
