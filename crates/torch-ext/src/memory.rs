//! Peak memory.
#![allow(unsafe_code)]

use std::{ffi::c_char, fs};

use anyhow::Result;
use tch::Device;

use crate::ffi::into_result;

unsafe extern "C" {
    fn shim_cuda_reset_peak(device: i8) -> *mut c_char;
    fn shim_cuda_peak(device: i8, bytes: *mut i64) -> *mut c_char;
    fn shim_watch_begin() -> *mut c_char;
    fn shim_watch_end(bytes: *mut i64) -> *mut c_char;
}

/// Peak memory in bytes since [`reset_peak_memory`] or the start: of libtorch on a GPU, of the whole process on the
/// CPU. None if the system does not report it.
pub fn peak_memory(device: Device) -> Option<u64> {
    match device {
        Device::Cuda(number) => {
            let mut bytes = 0;
            // SAFETY: `bytes` is ours.
            into_result(unsafe { shim_cuda_peak(i8::try_from(number).ok()?, &raw mut bytes) }).ok()?;
            u64::try_from(bytes).ok()
        }
        _ => {
            let status = fs::read_to_string("/proc/self/status").ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
        }
    }
}

/// Resets the peak to the memory in use. False if the system does not allow it: [`peak_memory`] then still reports the
/// peak since the start.
pub fn reset_peak_memory(device: Device) -> bool {
    match device {
        Device::Cuda(number) => i8::try_from(number).is_ok_and(|number| {
            // SAFETY: no pointer is passed.
            into_result(unsafe { shim_cuda_reset_peak(number) }).is_ok()
        }),
        // 5 resets the mark of the largest resident size; see proc(5).
        _ => fs::write("/proc/self/clear_refs", "5").is_ok(),
    }
}

/// Runs `f` and returns the peak memory in bytes of its CPU tensors, above what was allocated before. Memory that `f`
/// frees but was allocated earlier is not subtracted.
pub fn measure_peak_memory<T>(f: impl FnOnce() -> T) -> Result<(T, u64)> {
    // SAFETY: no pointer is passed.
    into_result(unsafe { shim_watch_begin() })?;
    let mut watch = Watch { ended: false };
    let result = f();
    let peak = watch.end()?;
    Ok((result, u64::try_from(peak).unwrap_or(0)))
}

/// Ends a watch, even after a panic.
struct Watch {
    ended: bool,
}

impl Watch {
    fn end(&mut self) -> Result<i64> {
        self.ended = true;
        let mut bytes = 0;
        // SAFETY: `bytes` is ours, and a watch was begun.
        into_result(unsafe { shim_watch_end(&raw mut bytes) })?;
        Ok(bytes)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Kind, Tensor};

    #[test]
    fn a_watch_reports_the_peak() {
        let ones = |bytes: i64| Tensor::ones([bytes], (Kind::Uint8, Device::Cpu));
        let ((), peak) = measure_peak_memory(|| {
            drop(ones(1000));
            let (a, b) = (ones(600), ones(700));
            drop((a, b));
        })
        .unwrap();
        assert!((1300..1500).contains(&peak), "{peak}");
        assert!(std::panic::catch_unwind(|| measure_peak_memory(|| panic!("on purpose"))).is_err());
        assert_eq!(measure_peak_memory(|| ()).unwrap().1, 0);
    }

    #[test]
    fn a_large_tensor_shows_in_the_peak() {
        if !reset_peak_memory(Device::Cpu) {
            eprintln!("SKIPPED: the peak of this process cannot be reset here");
            return;
        }
        let before = peak_memory(Device::Cpu).unwrap();
        drop(Tensor::ones([64 << 20], (Kind::Uint8, Device::Cpu)));
        let grown = peak_memory(Device::Cpu).unwrap().saturating_sub(before);
        assert!(grown >= 60 << 20, "{grown}");
    }

    #[test]
    fn a_missing_gpu_reports_nothing() {
        if !tch::Cuda::is_available() {
            assert_eq!(peak_memory(Device::Cuda(0)), None);
            assert!(!reset_peak_memory(Device::Cuda(0)));
        }
    }
}
