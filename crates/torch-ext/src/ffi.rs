//! Calls into `shim/shim.cpp`, and the shim's error convention.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};

use anyhow::{Result, anyhow};
use tch::Tensor;

use crate::AdamW;

unsafe extern "C" {
    fn shim_fused_adamw(
        params: *const *const c_void,
        grads: *const *const c_void,
        exp_avgs: *const *const c_void,
        exp_avg_sqs: *const *const c_void,
        steps: *const *const c_void,
        n: usize,
        lr: f64,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        eps: f64,
    ) -> *mut c_char;
    fn shim_drop_gradients(tensors: *const *const c_void, n: usize);
    fn shim_global_norm(tensors: *const *const c_void, n: usize, out: *mut c_void) -> *mut c_char;
    fn shim_scale_all(tensors: *const *const c_void, n: usize, factor: *const c_void) -> *mut c_char;
    fn shim_lerp_all(
        tensors: *const *const c_void,
        ends: *const *const c_void,
        n: usize,
        weight: f64,
    ) -> *mut c_char;
    fn free(memory: *mut c_void);
}

/// The libtorch tensors of `tensors`, valid as long as these are.
pub fn pointers(tensors: &[Tensor]) -> Vec<*const c_void> {
    tensors.iter().map(|tensor| tensor.as_ptr().cast::<c_void>()).collect()
}

/// Takes the message of a C++ exception, if any.
pub fn take_message(message: *mut c_char) -> Option<String> {
    if message.is_null() {
        return None;
    }
    // SAFETY: the shim returns a string allocated by strdup, which we own.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    unsafe { free(message.cast()) };
    Some(text)
}

/// Converts the shim's return value, null or the message of a C++ exception; its first line is the error.
pub fn into_result(message: *mut c_char) -> Result<()> {
    match take_message(message) {
        None => Ok(()),
        Some(text) => Err(anyhow!("libtorch: {}", text.lines().next().unwrap_or("unknown"))),
    }
}

pub fn fused_adamw(
    params: &[Tensor],
    grads: &[Tensor],
    exp_avgs: &[Tensor],
    exp_avg_sqs: &[Tensor],
    steps: &[Tensor],
    adamw: AdamW,
) -> Result<()> {
    let lists = [params, grads, exp_avgs, exp_avg_sqs, steps].map(pointers);
    let [params, grads, exp_avgs, exp_avg_sqs, steps] = lists.each_ref().map(|list| list.as_ptr());
    let AdamW { lr, beta1, beta2, weight_decay, eps } = adamw;
    // SAFETY: every pointer is a live at::Tensor during the call, and all lists have n entries.
    into_result(unsafe {
        shim_fused_adamw(
            params,
            grads,
            exp_avgs,
            exp_avg_sqs,
            steps,
            lists[0].len(),
            lr,
            beta1,
            beta2,
            weight_decay,
            eps,
        )
    })
}

pub fn drop_gradients(tensors: &[Tensor]) {
    let list = pointers(tensors);
    // SAFETY: every pointer is a live at::Tensor during the call.
    unsafe { shim_drop_gradients(list.as_ptr(), list.len()) };
}

pub fn global_norm(tensors: &[Tensor]) -> Result<Tensor> {
    let mut out = Tensor::new();
    let list = pointers(tensors);
    // SAFETY: as above; `out` is assigned a tensor.
    into_result(unsafe { shim_global_norm(list.as_ptr(), list.len(), out.as_mut_ptr().cast()) })?;
    Ok(out)
}

pub fn scale_all(tensors: &[Tensor], factor: &Tensor) -> Result<()> {
    let list = pointers(tensors);
    // SAFETY: every pointer is a live at::Tensor during the call.
    into_result(unsafe { shim_scale_all(list.as_ptr(), list.len(), factor.as_ptr().cast()) })
}

pub fn lerp_all(tensors: &[Tensor], ends: &[Tensor], weight: f64) -> Result<()> {
    let lists = [tensors, ends].map(pointers);
    // SAFETY: as above, and both lists have n entries.
    into_result(unsafe { shim_lerp_all(lists[0].as_ptr(), lists[1].as_ptr(), lists[0].len(), weight) })
}
