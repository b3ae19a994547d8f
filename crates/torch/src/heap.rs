//! What the C library does with memory that tensors gave back.
#![allow(unsafe_code)]

/// Keeps memory that tensors give back for the tensors that come next, instead of giving it back to the system: the steps
/// of a training need the same sizes again and again, and fresh pages cost a tenth of a processor's time.
///
/// glibc maps blocks above 32 MiB anew each time and trims its heap; here both come later. It costs that memory stays at
/// its peak until the process ends. Other allocators are not asked; `MALLOC_` variables of the user's own come first.
pub fn keep_memory() {
    #[cfg(target_env = "gnu")]
    if !std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("MALLOC_")) {
        // SAFETY: glibc's `mallopt` takes its own lock and only sets two numbers; where it refuses one, nothing changes.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
            libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        }
    }
}
