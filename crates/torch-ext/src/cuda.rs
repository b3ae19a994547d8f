//! CUDA, opened at run time if available: one executable for machines with and without a GPU.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};

unsafe extern "C" {
    fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
    fn dlerror() -> *mut c_char;
}

const NOW_GLOBAL: c_int = 2 | 0x100;

/// Opens libtorch's CUDA library, so that `tch::Cuda` finds devices. Call it once, before the first tensor. The library
/// is searched next to libtorch.
///
/// # Errors
/// The loader's message; a CPU-only build has no such library.
pub fn open_cuda() -> Result<(), String> {
    // SAFETY: a constant C string; libtorch_cuda's initialisers only register kernels.
    let handle = unsafe { dlopen(c"libtorch_cuda.so".as_ptr(), NOW_GLOBAL) };
    if !handle.is_null() {
        return Ok(());
    }
    // SAFETY: dlerror returns a string that it owns, or null.
    let message = unsafe { dlerror() };
    if message.is_null() {
        return Err("libtorch_cuda.so could not be opened".to_owned());
    }
    Err(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned())
}
