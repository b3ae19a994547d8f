//! Pinned memory: pages of the host that cannot be swapped, so that a GPU can copy them asynchronously.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};

use anyhow::{Result, anyhow, bail};
use tch::{Device, Kind, Tensor};

use crate::ffi::into_result;

unsafe extern "C" {
    fn shim_pinned(size: *const i64, dims: usize, dtype: i8, out: *mut c_void) -> *mut c_char;
}

/// An uninitialised, contiguous CPU tensor of `size`, to be filled and copied to `device`; `kind` is Float, Uint8 or Int64.
/// For a GPU it is allocated in pinned memory. libtorch's caching allocator keeps freed pinned memory, and reuses it once the
/// asynchronous copies from it have ended.
///
/// # Errors
/// If libtorch cannot allocate it, or for another kind.
pub(crate) fn empty_for(device: Device, size: &[i64], kind: Kind) -> Result<Tensor> {
    let dtype = match kind {
        Kind::Uint8 => 0,
        Kind::Int64 => 4,
        Kind::Float => 6,
        other => bail!("pinned memory holds Float, Uint8 or Int64, not {other:?}"),
    };
    if !device.is_cuda() {
        return Ok(Tensor::f_empty(size, (kind, Device::Cpu))?);
    }
    let mut out = Tensor::new();
    // SAFETY: `size` has as many values as stated, and `out` is a live tensor, which is assigned.
    into_result(unsafe { shim_pinned(size.as_ptr(), size.len(), dtype, out.as_mut_ptr().cast()) })?;
    Ok(out)
}

/// The values of `parts`, one part after the other: an int64 vector on the CPU, to be copied to `device` and divided by
/// [`unpack`]. For a GPU it is in pinned memory.
///
/// # Errors
/// If libtorch cannot allocate the vector.
pub fn pack<const N: usize>(parts: [&[i64]; N], device: Device) -> Result<Tensor> {
    let total: usize = parts.iter().map(|part| part.len()).sum();
    let host = empty_for(device, &[i64::try_from(total)?], Kind::Int64)?;
    let mut start = host.data_ptr().cast::<i64>();
    for part in parts {
        // SAFETY: `host` is contiguous int64 on the CPU, has the length of all parts, and is not shared.
        unsafe {
            start.copy_from_nonoverlapping(part.as_ptr(), part.len());
            start = start.add(part.len());
        }
    }
    Ok(host)
}

/// The parts of a vector, of these lengths, as views of it.
///
/// # Errors
/// If the lengths do not add up to that of `values`.
pub fn unpack<const N: usize>(values: &Tensor, lengths: [i64; N]) -> Result<[Tensor; N]> {
    values.f_split_with_sizes(lengths, 0)?.try_into().map_err(|_| anyhow!("libtorch did not split a tensor"))
}

/// Each of `parts` as a vector on `device`, int64. They are views of one tensor, which a GPU copies at once from pinned
/// memory, while the host continues.
///
/// # Errors
/// If libtorch cannot allocate the tensors.
pub fn upload<const N: usize>(parts: [&[i64]; N], device: Device) -> Result<[Tensor; N]> {
    let values = pack(parts, device)?.f_to_device_(device, Kind::Int64, true, false)?;
    unpack(&values, parts.map(|part| part.len() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Cuda;

    #[test]
    fn memory_for_a_gpu_is_pinned() {
        let gpu = Cuda::is_available();
        for kind in [Kind::Float, Kind::Uint8, Kind::Int64] {
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

    #[test]
    fn uploaded_parts_are_vectors_of_one_tensor() {
        let gpu = Cuda::is_available().then_some(Device::Cuda(0));
        for device in [Some(Device::Cpu), gpu].into_iter().flatten() {
            let [a, none, b] = upload([&[3, -1], &[], &[i64::MAX]], device).unwrap();
            assert_eq!(Vec::<i64>::try_from(&a).unwrap(), [3, -1]);
            assert_eq!(Vec::<i64>::try_from(&b).unwrap(), [i64::MAX]);
            assert_eq!((none.size(), none.kind(), b.device()), (vec![0], Kind::Int64, device));
            assert_eq!(b.data_ptr() as usize - a.data_ptr() as usize, 16, "they share memory");
            let [nothing] = upload([&[]], device).unwrap();
            assert_eq!(nothing.size(), [0]);
        }
    }

    #[test]
    fn wrong_lengths_are_an_error() {
        let values = pack([&[1, 2], &[3]], Device::Cpu).unwrap();
        assert_eq!(Vec::<i64>::try_from(&values).unwrap(), [1, 2, 3]);
        assert!(unpack(&values, [1, 1]).is_err());
    }
}
