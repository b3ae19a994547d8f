//! Number formats of computations.
#![allow(unsafe_code)]

use std::{
    ffi::{c_char, c_void},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Result, bail};
use tch::{Device, Kind, Tensor};

use crate::ffi::into_result;

#[repr(C)]
#[derive(Default)]
struct Before {
    enabled: bool,
    cache: bool,
    dtype: i8,
}

unsafe extern "C" {
    fn shim_autocast_begin(cuda: bool, dtype: i8, before: *mut Before) -> *mut c_char;
    fn shim_autocast_end(cuda: bool, before: *const Before) -> *mut c_char;
    fn shim_allow_tf32(allowed: bool) -> *mut c_char;
    fn shim_channels_last(input: *const c_void, output: *mut c_void) -> *mut c_char;
}

/// Runs `f` with libtorch's autocast: matrix products, convolutions and attention on `device` run in `kind`; operations
/// that need the range stay in f32. Weights keep their format; each is cast once, and the copies are dropped when the
/// outermost region ends, even if `f` panics.
///
/// # Errors
/// If `kind` is neither BFloat16 nor Half, or a libtorch operation fails.
pub fn autocast<T>(device: Device, kind: Kind, f: impl FnOnce() -> T) -> Result<T> {
    let dtype = match kind {
        Kind::Half => 5,
        Kind::BFloat16 => 15,
        other => bail!("autocast supports BFloat16 and Half, not {other:?}"),
    };
    let mut region = Region { cuda: device.is_cuda(), before: Before::default() };
    // SAFETY: `before` is ours and has the layout of the shim's struct.
    let begun = into_result(unsafe { shim_autocast_begin(region.cuda, dtype, &raw mut region.before) });
    if let Err(error) = begun {
        std::mem::forget(region);
        return Err(error);
    }
    let result = f();
    drop(region);
    Ok(result)
}

struct Region {
    cuda: bool,
    before: Before,
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: as above. Restoring a valid state cannot fail, so the error is ignored.
        let _ = into_result(unsafe { shim_autocast_end(self.cuda, &raw const self.before) });
    }
}

/// The last setting of [`allow_tf32`].
static TF32: AtomicBool = AtomicBool::new(false);

/// Whether GPUs may multiply f32 matrices in TF32, which has 10 bits of mantissa. CPUs never do. For the whole process.
pub fn allow_tf32(allowed: bool) -> Result<()> {
    // SAFETY: sets two flags.
    into_result(unsafe { shim_allow_tf32(allowed) })?;
    TF32.store(allowed, Ordering::Relaxed);
    Ok(())
}

/// Runs `f` with f32 products in full precision, also where [`allow_tf32`] allows TF32, which is allowed again afterwards,
/// even if `f` panics. Other threads must not multiply matrices meanwhile: the setting is that of the process.
pub fn without_tf32<T>(f: impl FnOnce() -> T) -> Result<T> {
    if !TF32.load(Ordering::Relaxed) {
        return Ok(f());
    }
    allow_tf32(false)?;
    let _region = FullPrecision;
    Ok(f())
}

/// A region of [`without_tf32`] in a process that allows TF32.
struct FullPrecision;

impl Drop for FullPrecision {
    fn drop(&mut self) {
        // Setting two flags cannot fail, so the error is ignored.
        let _ = allow_tf32(true);
    }
}

/// `[B, C, H, W]` with the channels of a pixel adjacent in memory, the fastest layout for convolutions. Shape and
/// values do not change; layers propagate the layout.
///
/// # Errors
/// If the tensor does not have four dimensions.
pub fn channels_last(images: &Tensor) -> Result<Tensor> {
    let mut output = Tensor::new();
    // SAFETY: both are live tensors; `output` is assigned.
    into_result(unsafe { shim_channels_last(images.as_ptr().cast(), output.as_mut_ptr().cast()) })?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product() -> Kind {
        let x = Tensor::ones([2, 2], (Kind::Float, Device::Cpu));
        x.matmul(&x).kind()
    }

    #[test]
    fn products_are_cast_within_and_not_after() {
        let within = |kind| autocast(Device::Cpu, kind, product).unwrap();
        assert_eq!((within(Kind::BFloat16), within(Kind::Half)), (Kind::BFloat16, Kind::Half));
        assert_eq!(product(), Kind::Float);
        assert!(autocast(Device::Cpu, Kind::Float, product).is_err());
    }

    #[test]
    fn regions_nest() {
        let kinds = autocast(Device::Cpu, Kind::BFloat16, || {
            let inner = autocast(Device::Cpu, Kind::Half, product).unwrap();
            (inner, product())
        });
        assert_eq!(kinds.unwrap(), (Kind::Half, Kind::BFloat16));
    }

    #[test]
    fn a_panic_leaves_nothing_behind() {
        let panicked =
            std::panic::catch_unwind(|| autocast(Device::Cpu, Kind::BFloat16, || panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(product(), Kind::Float);
    }

    #[test]
    fn a_changed_weight_is_cast_again() {
        let mut w = Tensor::ones([1, 1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let x = Tensor::ones([1, 1], (Kind::Float, Device::Cpu));
        let value =
            |w: &Tensor| autocast(Device::Cpu, Kind::BFloat16, || x.matmul(w).double_value(&[0, 0])).unwrap();
        assert_eq!(value(&w), 1.0);
        tch::no_grad(|| drop(w.fill_(3.0)));
        assert_eq!(value(&w), 3.0);
    }

    #[test]
    fn tf32_is_switched_and_forbidden_within_a_region() {
        let allowed = || TF32.load(Ordering::Relaxed);
        allow_tf32(true).unwrap();
        assert!(allowed());
        let nested = without_tf32(|| (allowed(), without_tf32(allowed).unwrap(), allowed())).unwrap();
        assert_eq!((nested, allowed()), ((false, false, false), true));
        let panicked = std::panic::catch_unwind(|| without_tf32(|| panic!("on purpose")));
        assert!(panicked.is_err() && allowed());
        allow_tf32(false).unwrap();
        assert_eq!((without_tf32(allowed).unwrap(), allowed()), (false, false));
    }

    #[test]
    fn channels_move_in_memory_and_nowhere_else() {
        let x = Tensor::arange(120, (Kind::Float, Device::Cpu)).view([2, 3, 4, 5]);
        let last = channels_last(&x).unwrap();
        assert_eq!((last.stride(), &last), (vec![60, 1, 15, 3], &x));
        assert!(channels_last(&Tensor::ones([2], (Kind::Float, Device::Cpu))).is_err());
    }
}
