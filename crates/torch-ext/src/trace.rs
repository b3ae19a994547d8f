//! Traces towers into a TorchScript module.
#![allow(unsafe_code)]

use std::{
    cell::Cell,
    ffi::{CString, c_char, c_void},
    path::Path,
    ptr, slice,
};

use anyhow::{Context as _, Error, Result};
use tch::Tensor;

use crate::script::into_result;

type Compute = extern "C" fn(*mut c_void, *const *mut c_void, usize, *mut c_void) -> bool;

unsafe extern "C" {
    fn shim_trace_assign(to: *mut c_void, from: *const c_void);
    fn shim_trace_new(out: *mut *mut c_void) -> *mut c_char;
    fn shim_trace_put(
        module: *mut c_void,
        name: *const c_char,
        tensor: *mut c_void,
        learned: bool,
    ) -> *mut c_char;
    fn shim_trace_method(
        module: *mut c_void,
        name: *const c_char,
        inputs: *const *mut c_void,
        n: usize,
        closure: *mut c_void,
        call: Compute,
    ) -> *mut c_char;
    fn shim_trace_define(module: *mut c_void, source: *const c_char) -> *mut c_char;
    fn shim_trace_save(module: *mut c_void, file: *const c_char) -> *mut c_char;
    fn shim_script_free(module: *mut c_void);
}

thread_local! {
    static TRACING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is tracing a computation, in which sizes that are used as numbers become constants.
pub fn is_tracing() -> bool {
    TRACING.get()
}

/// A TorchScript module under construction, permanently in evaluation mode.
#[derive(Debug)]
pub struct Trace(*mut c_void);

/// The traced computation, and its error.
struct Traced<'a> {
    compute: &'a mut dyn FnMut(&[Tensor]) -> Result<Tensor>,
    error: Option<Error>,
}

impl Trace {
    /// An empty module.
    pub fn new() -> Result<Self> {
        let mut module = ptr::null_mut();
        // SAFETY: an out pointer that is set unless there is a message.
        into_result(unsafe { shim_trace_new(&mut module) })?;
        Ok(Self(module))
    }

    /// Adds a tensor as a parameter, or as a buffer if it is not learned; each part of a dotted name is a submodule.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn put(&mut self, name: &str, tensor: &Tensor, learned: bool) -> Result<()> {
        let c_name = c_string(name)?;
        // SAFETY: a live module, a C string and a live tensor.
        let message =
            unsafe { shim_trace_put(self.0, c_name.as_ptr(), tensor.as_ptr().cast_mut().cast(), learned) };
        into_result(message).with_context(|| format!("`{name}` cannot be added to the module"))
    }

    /// Adds a method by tracing `compute` on `inputs`. Tensors that were [put](Self::put) refer to the module's own;
    /// other tensors, and sizes used as numbers, become constants.
    ///
    /// # Errors
    /// If `compute` or the tracing fails.
    pub fn method(
        &mut self,
        name: &str,
        inputs: &[Tensor],
        compute: &mut dyn FnMut(&[Tensor]) -> Result<Tensor>,
    ) -> Result<()> {
        extern "C" fn call(
            closure: *mut c_void,
            inputs: *const *mut c_void,
            n: usize,
            out: *mut c_void,
        ) -> bool {
            // SAFETY: the closure is the one below; inputs are `n` live tensors, and `out` is an at::Tensor to be assigned.
            let (traced, given) = unsafe {
                let list = slice::from_raw_parts(inputs, n);
                let given: Vec<Tensor> =
                    list.iter().map(|tensor| Tensor::clone_from_ptr(tensor.cast())).collect();
                (&mut *closure.cast::<Traced<'_>>(), given)
            };
            TRACING.set(true);
            let result = (traced.compute)(&given);
            TRACING.set(false);
            match result {
                // SAFETY: both are at::Tensor; the assignment shares the result.
                Ok(result) => unsafe { shim_trace_assign(out, result.as_ptr().cast()) },
                Err(error) => {
                    traced.error = Some(error);
                    return false;
                }
            }
            true
        }
        let c_name = c_string(name)?;
        let list: Vec<*mut c_void> = inputs.iter().map(|input| input.as_ptr().cast_mut().cast()).collect();
        let mut traced = Traced { compute, error: None };
        // SAFETY: a live module, a C string, live tensors, and a closure that outlives the call.
        let message = unsafe {
            let closure = (&raw mut traced).cast();
            shim_trace_method(self.0, c_name.as_ptr(), list.as_ptr(), list.len(), closure, call)
        };
        let result = into_result(message).with_context(|| format!("`{name}` cannot be traced"));
        traced.error.map_or(result, Err)
    }

    /// Adds methods from TorchScript source, which may call methods added before.
    ///
    /// # Errors
    /// If the source is invalid.
    pub fn define(&mut self, source: &str) -> Result<()> {
        let source = c_string(source)?;
        // SAFETY: a live module and a C string.
        into_result(unsafe { shim_trace_define(self.0, source.as_ptr()) })
    }

    /// Writes the module like `torch.jit.save`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let file =
            CString::new(path.as_os_str().as_encoded_bytes()).context("the path contains a zero byte")?;
        // SAFETY: a live module and a C string.
        into_result(unsafe { shim_trace_save(self.0, file.as_ptr()) })
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // SAFETY: allocated by `new`, freed once; both kinds of modules are freed alike.
        unsafe { shim_script_free(self.0) };
    }
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).context("a name contains a zero byte")
}
