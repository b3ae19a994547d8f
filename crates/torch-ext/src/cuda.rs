//! CUDA, opened at run time if available: one executable for machines with and without a GPU.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    mem::transmute,
};

unsafe extern "C" {
    fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlerror() -> *mut c_char;
}

const NOW: c_int = 2;
const NOW_GLOBAL: c_int = NOW | 0x100;

/// `cuInit`, `cuDeviceGet` and `cuDeviceGetName` of the CUDA driver's interface; they return 0 on success.
type Init = unsafe extern "C" fn(flags: c_uint) -> c_int;
type Get = unsafe extern "C" fn(device: *mut c_int, number: c_int) -> c_int;
type Name = unsafe extern "C" fn(name: *mut c_char, size: c_int, device: c_int) -> c_int;

/// Opens libtorch's CUDA library, so that `tch::Cuda` finds devices. The library is searched next to libtorch. Call it
/// before any other operation of libtorch: the first that asks for CUDA (`tch::manual_seed`, a convolution, a count of
/// the devices) fixes for the whole process whether there is CUDA. Further calls change nothing.
///
/// # Errors
/// The loader's message; a CPU-only build has no such library. Also when another operation was first.
pub fn open_cuda() -> Result<(), String> {
    // SAFETY: a constant C string; libtorch_cuda's initialisers only register kernels.
    let handle = unsafe { dlopen(c"libtorch_cuda.so".as_ptr(), NOW_GLOBAL) };
    if !handle.is_null() {
        return in_time(tch::utils::has_cudart());
    }
    // SAFETY: dlerror returns a string that it owns, or null.
    let message = unsafe { dlerror() };
    if message.is_null() {
        return Err("libtorch_cuda.so could not be opened".to_owned());
    }
    Err(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned())
}

/// The model of a GPU, such as `NVIDIA H200`, as the driver states it; none if there is no such GPU.
pub fn gpu_model(number: usize) -> Option<String> {
    let number = c_int::try_from(number).ok()?;
    // SAFETY: a constant C string; the driver's library registers nothing.
    let driver = unsafe { dlopen(c"libcuda.so.1".as_ptr(), NOW) };
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

/// Version of CUDA that libtorch was built for, such as `13.0`; none without CUDA. Call it after [`open_cuda`].
pub fn cuda_version() -> Option<String> {
    tch::utils::has_cudart().then(|| dotted(tch::utils::version_cudart()))
}

/// CUDA's number of a version, 1000 times the major plus 10 times the minor, as text.
fn dotted(version: i64) -> String {
    format!("{}.{}", version / 1000, version / 10 % 100)
}

/// The error of a library that was opened too late; `found` is whether libtorch finds it.
fn in_time(found: bool) -> Result<(), String> {
    let late = "libtorch_cuda.so was opened after another operation of libtorch had asked for CUDA, so this process cannot \
                use it";
    if found { Ok(()) } else { Err(late.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_missing_or_opened_too_late_is_an_error() {
        if let Err(fault) = open_cuda() {
            assert!(fault.contains(".so"), "{fault}");
        }
        assert!(in_time(false).unwrap_err().contains("libtorch_cuda.so"));
        assert_eq!(in_time(true), Ok(()));
    }

    #[test]
    fn versions_are_dotted_and_a_missing_gpu_has_no_model() {
        assert_eq!((dotted(13_000), dotted(12_080)), ("13.0".to_owned(), "12.8".to_owned()));
        assert_eq!(gpu_model(c_int::MAX as usize), None);
        assert_eq!(gpu_model(usize::MAX), None);
    }
}
