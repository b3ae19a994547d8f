//! Collective operations among processes, by libtorch's own process groups (c10d).
//!
//! All ranks call the same operations in the same order. Every operation ends within the group's timeout, by its result or
//! by a [`GroupError`] that reports who waited for what and which ranks are silent. After an error the group cannot be used
//! again: end the process, which ends the operations of the others too.
#![allow(unsafe_code)]

mod collectives;
mod connect;
mod error;
mod ffi;
mod heartbeat;
mod host_values;
mod member;
mod store;
mod watch;
mod work;

use std::{
    ffi::c_void,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::Duration,
};

pub use collectives::Op;
pub use connect::{Backend, Rendezvous};
pub use error::{Cause, GroupError};
pub use work::Work;

use heartbeat::Heartbeat;
use member::Member;

/// The processes of a job, connected with each other.
#[derive(Debug)]
pub struct ProcessGroup {
    raw: *mut c_void,
    heartbeat: Heartbeat,
    member: Arc<Member>,
}

// SAFETY: c10d's backends are not tied to a thread, and used by one at a time, since this is not `Sync`.
unsafe impl Send for ProcessGroup {}

impl ProcessGroup {
    /// The number of this process, from 0.
    pub fn rank(&self) -> usize {
        self.member.rank
    }

    /// The number of processes.
    pub fn size(&self) -> usize {
        self.member.size
    }

    /// The longest time that an operation waits for the other ranks.
    pub fn timeout(&self) -> Duration {
        self.member.timeout
    }

    /// Leaves the group once all ranks have called this.
    pub fn close(mut self) -> Result<(), GroupError> {
        // Before the barrier: rank 0 ends the store after it.
        self.heartbeat.stop();
        self.barrier()
    }

    /// Leaves the group at once, with a reason that the other ranks get as [`Cause::Reported`]: for failures of one rank
    /// alone, such as a full disk. Waits a moment, so that they get it before this process ends.
    pub fn abort(self, reason: &str) {
        self.member.failed.store(true, Relaxed);
        let (member, message) =
            (self.member.clone(), format!("rank {} of {}: {reason}", self.rank(), self.size()));
        // In a thread of its own, since a stopped server of the store never answers.
        thread::spawn(move || member.abort(&message));
        thread::sleep(Duration::from_millis(1500));
    }
}

impl Drop for ProcessGroup {
    /// After a failure the group is leaked: freeing it would wait for its unfinished operations.
    fn drop(&mut self) {
        if !self.member.failed.load(Relaxed) {
            ffi::free_group(self.raw);
        }
    }
}
