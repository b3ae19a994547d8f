//! Configures the C library's treatment of freed tensor memory.
#![allow(unsafe_code)]

/// Keeps freed tensor memory for later tensors instead of returning it to the system: training steps allocate the same
/// sizes repeatedly, and fresh pages cost a tenth of the CPU time.
///
/// By default glibc maps blocks above 32 MiB each time and trims its heap; this raises both thresholds. The cost:
/// memory stays at its peak until the process ends. Has no effect on other allocators, or if the user sets `MALLOC_`
/// variables.
pub fn retain_freed_memory() {
    #[cfg(target_env = "gnu")]
    if !std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("MALLOC_")) {
        // SAFETY: glibc's `mallopt` takes its own lock and only sets two numbers; if it rejects one, nothing changes.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
            libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        }
    }
}
