//! An operation in progress.
#![allow(unsafe_code)]

use std::{
    ffi::c_void,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use tch::Tensor;

use super::{
    error::{Cause, GroupError},
    ffi,
    member::Member,
};

/// How long a wait lasts before it checks whether another rank has reported a failure.
const SLICE: Duration = Duration::from_millis(500);

/// A collective operation in progress, such as the sum of a gradient bucket while the backward pass continues. Its tensors
/// must not be read or written before [`Self::wait`].
#[derive(Debug)]
#[must_use = "an operation that is not waited for may fail unnoticed"]
pub struct Work {
    pub(super) raw: *mut c_void,
    pub(super) output: Tensor,
    pub(super) operation: String,
    pub(super) number: u64,
    pub(super) started: Instant,
    pub(super) member: Arc<Member>,
}

// SAFETY: a handle is not tied to a thread, and used by one at a time, since it is not `Sync`.
unsafe impl Send for Work {}

impl Work {
    /// Waits for the end of the operation, and returns its result.
    ///
    /// # Errors
    /// If a rank does not join in time, has ended, sends no heartbeat for longer than the timeout of the group, or gave a
    /// tensor of another shape or kind.
    pub fn wait(self) -> Result<Tensor, GroupError> {
        let began = Instant::now();
        let fail = |cause| self.member.error(&self.operation, self.number, self.started, cause);
        // The first slice is long enough for nearly every operation.
        while !ffi::wait(self.raw, SLICE).map_err(|fault| fail(Cause::of(&fault)))? {
            if let Some(report) = self.member.report() {
                return Err(fail(Cause::Reported(report)));
            }
            if self.member.is_alone() {
                return Err(fail(Cause::Timeout));
            }
        }
        self.member.waited.fetch_add(began.elapsed().as_nanos() as u64, Relaxed);
        Ok(self.output.shallow_clone())
    }

    /// Whether it has ended, by success or by failure.
    pub fn is_done(&self) -> bool {
        ffi::is_done(self.raw)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        ffi::free_work(self.raw);
    }
}
