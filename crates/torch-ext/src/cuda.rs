//! CUDA, opened at run time if available: one executable for machines with and without a GPU.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};

unsafe extern "C" {
    fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
    fn dlerror() -> *mut c_char;
}

const NOW_GLOBAL: c_int = 2 | 0x100;

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
}
