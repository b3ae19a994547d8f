//! NVIDIA's driver: whether there is one, the models of its GPUs, and which CUDA it runs.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    mem::transmute,
};

use libc::{RTLD_NOW, dlopen, dlsym};

/// `cuInit`, `cuDeviceGet` and `cuDeviceGetName` of the CUDA driver's interface; they return 0 on success.
type Init = unsafe extern "C" fn(flags: c_uint) -> c_int;
type Get = unsafe extern "C" fn(device: *mut c_int, number: c_int) -> c_int;
type Name = unsafe extern "C" fn(name: *mut c_char, size: c_int, device: c_int) -> c_int;

/// The CUDA of the half that `cargo xtask setup --cuda` downloads, in CUDA's own numbers.
const PINNED: i64 = 13_000;

/// The driver's library; null without a driver.
fn library() -> *mut c_void {
    // SAFETY: a constant C string; the driver's library registers nothing.
    unsafe { dlopen(c"libcuda.so.1".as_ptr(), RTLD_NOW) }
}

/// Whether this machine has an NVIDIA driver.
pub(crate) fn has_driver() -> bool {
    !library().is_null()
}

/// The oldest series of NVIDIA's driver, such as 580, that runs the CUDA of this process's libtorch, or that of the CUDA
/// half that can be downloaded for it. Call it after [`open_cuda`](crate::open_cuda).
pub fn oldest_driver() -> u32 {
    series(if tch::utils::has_cudart() { tch::utils::version_cudart() } else { PINNED })
}

/// The oldest series for a version of CUDA, <https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html>.
fn series(cuda: i64) -> u32 {
    match cuda / 1000 {
        ..=11 => 450,
        12 => 525,
        _ => 580,
    }
}

/// The error of a machine without a driver, for the CUDA half that can be downloaded.
pub(crate) fn no_driver() -> String {
    format!("no NVIDIA driver (libcuda.so.1); libtorch's CUDA half needs version {} or newer", series(PINNED))
}

/// The model of a GPU, such as `NVIDIA H200`, as the driver states it; none if there is no such GPU.
pub fn gpu_model(number: usize) -> Option<String> {
    let number = c_int::try_from(number).ok()?;
    let driver = library();
    if driver.is_null() {
        return None;
    }
    // SAFETY: the functions have had these types since the first CUDA; a missing one is null, which is None.
    let (init, get, name) = unsafe {
        (
            transmute::<*mut c_void, Option<Init>>(dlsym(driver, c"cuInit".as_ptr()))?,
            transmute::<*mut c_void, Option<Get>>(dlsym(driver, c"cuDeviceGet".as_ptr()))?,
            transmute::<*mut c_void, Option<Name>>(dlsym(driver, c"cuDeviceGetName".as_ptr()))?,
        )
    };
    let (mut device, mut text): (c_int, [c_char; 256]) = (0, [0; 256]);
    // SAFETY: the driver writes a C string of at most 256 bytes.
    let found = unsafe {
        init(0) == 0 && get(&raw mut device, number) == 0 && name(text.as_mut_ptr(), 256, device) == 0
    };
    // SAFETY: as above.
    found.then(|| unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_gpu_has_no_model() {
        assert_eq!(gpu_model(c_int::MAX as usize), None);
        assert_eq!(gpu_model(usize::MAX), None);
    }

    #[test]
    fn each_cuda_has_its_oldest_driver() {
        assert_eq!([11_080, 12_080, 13_000].map(series), [450, 525, 580]);
        assert!(no_driver().contains("580 or newer"));
    }
}
