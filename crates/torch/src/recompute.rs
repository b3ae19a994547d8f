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

use crate::{ffi::words, flops::Uncounted};

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
    fn strdup(words: *const c_char) -> *mut c_char;
}

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static AGAIN: Cell<bool> = const { Cell::new(false) };
}

/// Holds a flag for as long as it lives, also through a panic.
struct Held(&'static std::thread::LocalKey<Cell<bool>>, bool);

impl Held {
    fn set(flag: &'static std::thread::LocalKey<Cell<bool>>, value: bool) -> Self {
        Self(flag, flag.replace(value))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

/// Runs `f`, during which every [`stage`] on this thread keeps its input alone.
pub fn recompute_stages<T>(f: impl FnOnce() -> T) -> T {
    let _held = Held::set(&ON, true);
    f()
}

/// Whether a [`stage`] is being computed for the second time: running statistics have been updated already.
pub fn computes_again() -> bool {
    AGAIN.get()
}

/// `f(input)`. Within [`recompute_stages`], where gradients are wanted, the activations of `f` are dropped and computed
/// again in the backward pass, with the same random numbers and in the same number format: the same gradients to the
/// bit, for about a third more work. A stage within a stage is computed plainly.
///
/// What `f` trains gets its gradient only from `backward()`, not from libtorch's gradients of chosen tensors. On a GPU
/// the backward pass has a thread of its own, so `f` must be `Send`; its caller waits meanwhile.
///
/// # Errors
/// Those of `f`; those of its second computation come out of `backward()`.
pub fn stage(input: &Tensor, f: impl Fn(&Tensor) -> Result<Tensor> + Send + 'static) -> Result<Tensor> {
    if !ON.get() || INSIDE.get() {
        return f(input);
    }
    let stage: Box<Stage> = Box::new(Box::new(f));
    let mut output = Tensor::new();
    // SAFETY: input and output are live; the shim owns `stage` from here and gives it back through `drop_stage` once.
    let message = unsafe {
        let stage = Box::into_raw(stage).cast();
        shim_recompute(input.as_ptr().cast(), stage, call_stage, drop_stage, output.as_mut_ptr().cast())
    };
    match words(message) {
        None => Ok(output),
        Some(words) => Err(anyhow!(words)),
    }
}

extern "C" fn call_stage(
    stage: *mut c_void,
    again: bool,
    input: *mut C_tensor,
    error: *mut *mut c_char,
) -> *mut C_tensor {
    let _held = (Held::set(&INSIDE, true), Held::set(&AGAIN, again), again.then(Uncounted::begin));
    // SAFETY: `stage` is the box that went in and lives until `drop_stage`; the input is ours.
    let (stage, input) = unsafe { (&*stage.cast::<Stage>(), Tensor::from_ptr(input)) };
    // A panic must not run through C++.
    let result =
        catch_unwind(AssertUnwindSafe(|| stage(&input))).unwrap_or_else(|_| Err(anyhow!("it panicked")));
    match result {
        Ok(mut output) => {
            let pointer = output.as_mut_ptr();
            // The shim owns it now.
            std::mem::forget(output);
            pointer
        }
        Err(fault) => {
            let words = CString::new(format!("{fault:#}").replace('\0', " ")).unwrap_or_default();
            // SAFETY: the shim frees the copy.
            unsafe { *error = strdup(words.as_ptr()) };
            ptr::null_mut()
        }
    }
}

extern "C" fn drop_stage(stage: *mut c_void) {
    // SAFETY: it came from `Box::into_raw` in `stage`, and the shim calls this once.
    drop(unsafe { Box::from_raw(stage.cast::<Stage>()) });
}
