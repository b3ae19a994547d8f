//! Counts floating-point operations at run time.
#![allow(unsafe_code)]

use std::{
    cell::Cell,
    ffi::{c_char, c_int},
    sync::Mutex,
};

use anyhow::{Result, ensure};

use crate::ffi::into_result;

unsafe extern "C" {
    fn shim_flops_begin(handle: *mut u64) -> *mut c_char;
    fn shim_flops_end(handle: u64, flops: *mut u64) -> *mut c_char;
    fn shim_flops_pause(by: c_int);
}

/// Only one count at a time: there is one counter.
static COUNTING: Mutex<()> = Mutex::new(());
thread_local!(static ACTIVE: Cell<bool> = const { Cell::new(false) });

/// Runs `f` and counts the floating-point operations of its matrix products, convolutions and attention on this thread,
/// forward and backward: two per multiply-add. Recomputation in the backward pass of fused attention is not counted,
/// nor are small operations (norms, activations, additions).
///
/// Other threads that count wait for their turn.
///
/// # Errors
/// If called within another count, or a libtorch operation fails.
pub fn count_flops<T>(f: impl FnOnce() -> T) -> Result<(T, u64)> {
    ensure!(!ACTIVE.get(), "floating-point operations are already being counted");
    let _turn = COUNTING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut count = Count { handle: 0 };
    // SAFETY: the handle is ours.
    if let Err(error) = into_result(unsafe { shim_flops_begin(&raw mut count.handle) }) {
        std::mem::forget(count);
        return Err(error);
    }
    ACTIVE.set(true);
    let result = f();
    let flops = count.end()?;
    std::mem::forget(count);
    Ok((result, flops))
}

struct Count {
    handle: u64,
}

impl Count {
    fn end(&self) -> Result<u64> {
        ACTIVE.set(false);
        let mut flops = 0;
        // SAFETY: the handle came from `shim_flops_begin`; `flops` is ours.
        into_result(unsafe { shim_flops_end(self.handle, &raw mut flops) })?;
        Ok(flops)
    }
}

/// After a panic the count is lost, but the hook must be removed.
impl Drop for Count {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Runs `f` without counting its operations: recomputation, which saves memory, is not a cost of the model.
pub fn uncounted<T>(f: impl FnOnce() -> T) -> T {
    let _pause = Uncounted::begin();
    f()
}

/// Pauses counting until it is dropped.
pub(crate) struct Uncounted;

impl Uncounted {
    pub(crate) fn begin() -> Self {
        // SAFETY: adds to a counter of this thread.
        unsafe { shim_flops_pause(1) };
        Self
    }
}

impl Drop for Uncounted {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { shim_flops_pause(-1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::generator;
    use tch::{Device, Kind, Tensor};

    fn leaf(shape: &[i64]) -> Tensor {
        Tensor::ones(shape, (Kind::Float, Device::Cpu)).set_requires_grad(true)
    }

    /// Operations of a forward pass, and of the backward pass after it.
    fn both(f: impl Fn() -> Tensor) -> (u64, u64) {
        let (y, forward) = count_flops(f).unwrap();
        (forward, count_flops(|| y.sum(Kind::Float).backward()).unwrap().1)
    }

    #[test]
    fn products_cost_two_for_each_multiply_add() {
        let (a, b) = (leaf(&[3, 5]), leaf(&[5, 7]));
        assert_eq!(both(|| a.matmul(&b)), (2 * 3 * 5 * 7, 2 * 2 * 3 * 5 * 7));
        let (x, w, bias) = (leaf(&[2, 4, 5]), leaf(&[7, 5]), leaf(&[7]));
        assert_eq!(both(|| x.linear(&w, Some(&bias))), (2 * 8 * 5 * 7, 2 * 2 * 8 * 5 * 7));
        let (a, b) = (leaf(&[6, 3, 5]), leaf(&[6, 5, 7]));
        assert_eq!(both(|| a.bmm(&b)).0, 2 * 6 * 3 * 5 * 7);
        let v = leaf(&[5]);
        assert_eq!(both(|| leaf(&[3, 5]).mv(&v)).0, 2 * 3 * 5);
    }

    #[test]
    fn tensors_without_gradient_cost_no_backward_pass() {
        let (a, b) = (Tensor::ones([3, 5], (Kind::Float, Device::Cpu)), leaf(&[5, 7]));
        assert_eq!(both(|| a.matmul(&b)), (2 * 105, 2 * 105));
    }

    #[test]
    fn convolutions_cost_their_filter_for_each_output() {
        let (x, w) = (leaf(&[2, 4, 9, 9]), leaf(&[6, 2, 3, 3]));
        let outputs = 2 * 6 * 5 * 5;
        let once = 2 * outputs * (2 * 9);
        assert_eq!(both(|| x.conv2d(&w, None::<Tensor>, [2, 2], [1, 1], [1, 1], 2)), (once, 2 * once));
        let x = x.detach();
        assert_eq!(both(|| x.conv2d(&w, None::<Tensor>, [2, 2], [1, 1], [1, 1], 2)), (once, once));
    }

    #[test]
    fn attention_costs_scores_and_mixing_in_every_implementation() {
        let _generator = generator();
        let shape = [2, 3, 10, 8];
        let (q, k, v) = (leaf(&shape), leaf(&shape), leaf(&shape));
        let once = 2 * 2 * (2 * 3 * 10 * 10 * 8);
        for dropout in [0.0, 0.5] {
            let attend = || {
                Tensor::scaled_dot_product_attention(&q, &k, &v, None::<Tensor>, dropout, false, None, false)
            };
            assert_eq!(both(attend), (once, 2 * once));
        }
    }

    #[test]
    fn casting_counts_nothing_twice() {
        let (a, b) = (leaf(&[3, 5]), leaf(&[5, 7]));
        let cast = || crate::autocast(Device::Cpu, Kind::BFloat16, || a.mm(&b)).unwrap();
        assert_eq!(both(cast), (2 * 105, 2 * 2 * 105));
    }

    #[test]
    fn counts_do_not_nest_and_end_with_a_panic() {
        assert!(count_flops(|| count_flops(|| ())).unwrap().0.is_err());
        assert!(std::panic::catch_unwind(|| count_flops(|| panic!("on purpose"))).is_err());
        assert_eq!(count_flops(|| ()).unwrap().1, 0);
        let (a, b) = (leaf(&[3, 5]), leaf(&[5, 7]));
        assert_eq!(count_flops(|| uncounted(|| a.mm(&b)).mm(&leaf(&[7, 2]))).unwrap().1, 2 * 3 * 7 * 2);
    }
}
