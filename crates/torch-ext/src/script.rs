//! TorchScript modules: loaded with parameters and buffers, run without the optimizer that changes rounding.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    path::Path,
    ptr,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use tch::{Device, Tensor};

type Visit = extern "C" fn(*mut c_void, *const c_char, *mut c_void);

unsafe extern "C" {
    fn shim_script_load(file: *const c_char, device: c_int, out: *mut *mut c_void) -> *mut c_char;
    fn shim_script_free(module: *mut c_void);
    fn shim_script_parameters(module: *mut c_void, list: *mut c_void, each: Visit) -> *mut c_char;
    fn shim_script_buffers(module: *mut c_void, list: *mut c_void, each: Visit) -> *mut c_char;
    fn shim_script_call(
        module: *mut c_void,
        method: *const c_char,
        train: bool,
        inputs: *const *const c_void,
        n: usize,
        out: *mut c_void,
    ) -> *mut c_char;
    fn free(memory: *mut c_void);
}

/// A TorchScript module from a file.
#[derive(Debug)]
pub struct Script(*mut c_void);

// SAFETY: a module is not tied to a thread, and used by one at a time, since it is not `Sync`.
unsafe impl Send for Script {}

impl Script {
    /// Loads a module written by `torch.jit.save`, with its tensors on `device`. Runs none of its code.
    ///
    /// # Errors
    /// libtorch's message: the file is missing, or not a TorchScript archive.
    pub fn load(path: &Path, device: Device) -> Result<Self> {
        let file =
            CString::new(path.as_os_str().as_encoded_bytes()).context("the path contains a zero byte")?;
        let number = match device {
            Device::Cpu => -1,
            Device::Cuda(number) => number as c_int,
            other => anyhow::bail!("TorchScript modules run on cpu or cuda, not on {other:?}"),
        };
        let mut module = ptr::null_mut();
        // SAFETY: a C string, and an out pointer that is set unless there is a message.
        into_result(unsafe { shim_script_load(file.as_ptr(), number, &mut module) })?;
        ensure!(!module.is_null(), "libtorch returned no module");
        Ok(Self(module))
    }

    /// Its parameters by name (`blocks.0.weight`), in the order in which the module declares them. They share memory
    /// with the module.
    pub fn parameters(&self) -> Result<Vec<(String, Tensor)>> {
        self.list(shim_script_parameters)
    }

    /// Its buffers, such as running means; they share memory with the module.
    pub fn buffers(&self) -> Result<Vec<(String, Tensor)>> {
        self.list(shim_script_buffers)
    }

    fn list(
        &self,
        fill: unsafe extern "C" fn(*mut c_void, *mut c_void, Visit) -> *mut c_char,
    ) -> Result<Vec<(String, Tensor)>> {
        extern "C" fn push(list: *mut c_void, name: *const c_char, tensor: *mut c_void) {
            // SAFETY: `list` is the vector below, `name` a C string, and `tensor` an at::Tensor; all outlive the call.
            let (list, name, tensor) = unsafe {
                let list = &mut *list.cast::<Vec<(String, Tensor)>>();
                (list, CStr::from_ptr(name), Tensor::clone_from_ptr(tensor.cast()))
            };
            list.push((name.to_string_lossy().into_owned(), tensor));
        }
        let mut list = Vec::<(String, Tensor)>::new();
        // SAFETY: a live module; `push` gets back the vector it expects.
        into_result(unsafe { fill(self.0, (&raw mut list).cast(), push) })?;
        Ok(list)
    }

    /// Calls `forward`.
    pub fn forward(&self, inputs: &[&Tensor], train: bool) -> Result<Tensor> {
        self.call("forward", inputs, train)
    }

    /// Calls a method. Submodules whose parameters are all locked stay in evaluation even during training.
    ///
    /// # Errors
    /// The exception that the module raised, on one line, or that it did not return a tensor.
    pub fn call(&self, method: &str, inputs: &[&Tensor], train: bool) -> Result<Tensor> {
        let method = CString::new(method).context("the name contains a zero byte")?;
        let list: Vec<*const c_void> = inputs.iter().map(|input| input.as_ptr().cast()).collect();
        let mut out = Tensor::new();
        // SAFETY: a live module and live tensors; `out` is assigned a tensor.
        into_result(unsafe {
            shim_script_call(
                self.0,
                method.as_ptr(),
                train,
                list.as_ptr(),
                list.len(),
                out.as_mut_ptr().cast(),
            )
        })?;
        Ok(out)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // SAFETY: allocated by `load`, freed once.
        unsafe { shim_script_free(self.0) };
    }
}

pub(crate) fn into_result(message: *mut c_char) -> Result<()> {
    if message.is_null() {
        return Ok(());
    }
    // SAFETY: the shim returns a string allocated by strdup, which we own.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    unsafe { free(message.cast()) };
    Err(anyhow!("{}", exception(&text)))
}

/// Extracts the exception from a message with tracebacks of the module's code and of libtorch.
fn exception(message: &str) -> &str {
    let raised = message.lines().rev().map(str::trim).find(|line| line.contains("Error: "));
    let raised = raised.map(|line| line.trim_start_matches("builtins."));
    raised.unwrap_or_else(|| message.lines().next().unwrap_or("libtorch gave no reason"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exception_is_reported_without_the_traceback() {
        let message = "The following operation failed.\nTraceback of TorchScript:\n  File x\nbuiltins.RuntimeError: too wide\n";
        assert_eq!(exception(message), "RuntimeError: too wide");
        assert_eq!(exception("PytorchStreamReader failed\nframe #0"), "PytorchStreamReader failed");
    }

    #[test]
    fn a_file_that_is_not_an_archive_is_an_error() {
        let error = Script::load(Path::new("Cargo.toml"), Device::Cpu).unwrap_err().to_string();
        assert!(!error.contains('\n') && error.contains("zip"), "{error}");
    }
}
