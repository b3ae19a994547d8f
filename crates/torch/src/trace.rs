//! Towers made into a TorchScript module, by watching what they compute.
#![allow(unsafe_code)]

use std::{
    ffi::{CString, c_char, c_void},
    path::Path,
    ptr, slice,
};

use anyhow::{Context as _, Error, Result};
use tch::Tensor;

use crate::script::answer;

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

/// A TorchScript module in the making. It is in evaluation and stays so.
#[derive(Debug)]
pub struct Trace(*mut c_void);

/// What is traced, and what went wrong in it.
struct Traced<'a> {
    compute: &'a mut dyn FnMut(&[Tensor]) -> Result<Tensor>,
    fault: Option<Error>,
}

impl Trace {
    /// An empty module.
    ///
    /// # Errors
    /// Those of libtorch.
    pub fn new() -> Result<Self> {
        let mut module = ptr::null_mut();
        // SAFETY: a place for the pointer, which is set unless there is a message.
        answer(unsafe { shim_trace_new(&mut module) })?;
        Ok(Self(module))
    }

    /// Makes a tensor a parameter, or a buffer when it is not learned; each part of a dotted name is a module.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn put(&mut self, name: &str, tensor: &Tensor, learned: bool) -> Result<()> {
        let word = c_string(name)?;
        // SAFETY: a live module, a C string and a live tensor.
        let message =
            unsafe { shim_trace_put(self.0, word.as_ptr(), tensor.as_ptr().cast_mut().cast(), learned) };
        answer(message).with_context(|| format!("`{name}` cannot be stored in the module"))
    }

    /// Adds a method that does to its inputs what `compute` does to these. Tensors that were [put](Self::put) are the
    /// module's own in it; others, and every size that is taken as a number, become constants.
    ///
    /// # Errors
    /// Those of `compute` and of libtorch.
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
            // SAFETY: the closure is the one below; inputs are `n` live tensors, and `out` is a place for one.
            let (traced, given) = unsafe {
                let list = slice::from_raw_parts(inputs, n);
                let given: Vec<Tensor> =
                    list.iter().map(|tensor| Tensor::clone_from_ptr(tensor.cast())).collect();
                (&mut *closure.cast::<Traced<'_>>(), given)
            };
            match (traced.compute)(&given) {
                // SAFETY: both are at::Tensor; the assignment shares the result.
                Ok(result) => unsafe { shim_trace_assign(out, result.as_ptr().cast()) },
                Err(error) => {
                    traced.fault = Some(error);
                    return false;
                }
            }
            true
        }
        let word = c_string(name)?;
        let list: Vec<*mut c_void> = inputs.iter().map(|input| input.as_ptr().cast_mut().cast()).collect();
        let mut traced = Traced { compute, fault: None };
        // SAFETY: a live module, a C string, live tensors, and a closure that outlives the call.
        let message = unsafe {
            let closure = (&raw mut traced).cast();
            shim_trace_method(self.0, word.as_ptr(), list.as_ptr(), list.len(), closure, call)
        };
        let told = answer(message).with_context(|| format!("`{name}` cannot be traced"));
        traced.fault.map_or(told, Err)
    }

    /// Adds methods written as TorchScript, which may call those added before.
    ///
    /// # Errors
    /// What is wrong with the source.
    pub fn define(&mut self, source: &str) -> Result<()> {
        let source = c_string(source)?;
        // SAFETY: a live module and a C string.
        answer(unsafe { shim_trace_define(self.0, source.as_ptr()) })
    }

    /// Writes the module as `torch.jit.save` does.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn save(&self, path: &Path) -> Result<()> {
        let file = CString::new(path.as_os_str().as_encoded_bytes()).context("the path holds a zero byte")?;
        // SAFETY: a live module and a C string.
        answer(unsafe { shim_trace_save(self.0, file.as_ptr()) })
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // SAFETY: made by `new`, freed once; both kinds of modules are freed alike.
        unsafe { shim_script_free(self.0) };
    }
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).context("a name holds a zero byte")
}
