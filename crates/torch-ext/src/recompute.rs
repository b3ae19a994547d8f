//! Activation checkpointing: <https://arxiv.org/abs/1604.06174>.
#![allow(unsafe_code)]

use std::{
    cell::Cell,
    ffi::{CString, c_char, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
};

use anyhow::{Result, anyhow};
use tch::Tensor;
use torch_sys::C_tensor;

use crate::{ffi::take_message, flops::Uncounted};

/// Computes a stage; see `shim_stage` in shim/recompute.cpp.
type Call = extern "C" fn(*mut c_void, bool, *mut C_tensor, *mut *mut c_char) -> *mut C_tensor;
type Stage = Box<dyn Fn(&Tensor) -> Result<Tensor> + Send>;

unsafe extern "C" {
    fn shim_recompute(
        input: *const c_void,
        stage: *mut c_void,
        call: Call,
        drop: extern "C" fn(*mut c_void),
        output: *mut c_void,
    ) -> *mut c_char;
    fn strdup(text: *const c_char) -> *mut c_char;
}

thread_local! {
    static ENABLED: Cell<bool> = const { Cell::new(false) };
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static RECOMPUTING: Cell<bool> = const { Cell::new(false) };
}

/// Sets a flag until it is dropped, also by a panic.
struct FlagGuard(&'static std::thread::LocalKey<Cell<bool>>, bool);

impl FlagGuard {
    fn set(flag: &'static std::thread::LocalKey<Cell<bool>>, value: bool) -> Self {
        Self(flag, flag.replace(value))
    }
}

impl Drop for FlagGuard {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

/// Runs `f` with activation recomputation: every [`stage`] on this thread stores only its input.
pub fn recompute_stages<T>(f: impl FnOnce() -> T) -> T {
    let _held = FlagGuard::set(&ENABLED, true);
    f()
}

/// Whether a [`stage`] is being recomputed: running statistics have already been updated.
pub fn is_recomputing() -> bool {
    RECOMPUTING.get()
}

/// `f(input)`. Within [`recompute_stages`], if gradients are enabled, the activations of `f` are dropped and recomputed
/// in the backward pass with the same random state and number format: bit-identical gradients, for about a third more
/// work. A stage within a stage is computed normally.
///
/// Weights in `f` get their gradient only from `backward()`, not from libtorch's gradients of selected tensors. On a
/// GPU the backward pass runs in another thread, so `f` must be `Send`; the caller waits for it.
///
/// # Errors
/// If `f` fails; errors of the recomputation are returned by `backward()`.
pub fn stage(input: &Tensor, f: impl Fn(&Tensor) -> Result<Tensor> + Send + 'static) -> Result<Tensor> {
    if !ENABLED.get() || INSIDE.get() {
        return f(input);
    }
    let stage: Box<Stage> = Box::new(Box::new(f));
    let mut output = Tensor::new();
    // SAFETY: input and output are live; the shim owns `stage` from here and frees it once through `drop_stage`.
    let message = unsafe {
        let stage = Box::into_raw(stage).cast();
        shim_recompute(input.as_ptr().cast(), stage, call_stage, drop_stage, output.as_mut_ptr().cast())
    };
    match take_message(message) {
        None => Ok(output),
        Some(text) => Err(anyhow!(text)),
    }
}

extern "C" fn call_stage(
    stage: *mut c_void,
    again: bool,
    input: *mut C_tensor,
    error: *mut *mut c_char,
) -> *mut C_tensor {
    let _held =
        (FlagGuard::set(&INSIDE, true), FlagGuard::set(&RECOMPUTING, again), again.then(Uncounted::begin));
    // SAFETY: `stage` is our box and lives until `drop_stage`; we own the input.
    let (stage, input) = unsafe { (&*stage.cast::<Stage>(), Tensor::from_ptr(input)) };
    // A panic must not unwind through C++.
    let result = catch_unwind(AssertUnwindSafe(|| stage(&input)))
        .unwrap_or_else(|_| Err(anyhow!("the stage panicked")));
    match result {
        Ok(mut output) => {
            let pointer = output.as_mut_ptr();
            // The shim owns it now.
            std::mem::forget(output);
            pointer
        }
        Err(fault) => {
            let message = CString::new(format!("{fault:#}").replace('\0', " ")).unwrap_or_default();
            // SAFETY: the shim frees the copy.
            unsafe { *error = strdup(message.as_ptr()) };
            ptr::null_mut()
        }
    }
}

extern "C" fn drop_stage(stage: *mut c_void) {
    // SAFETY: it came from `Box::into_raw` in `stage`, and the shim calls this once.
    drop(unsafe { Box::from_raw(stage.cast::<Stage>()) });
}
