//! Recording a run: calls that never fail or block for long, and one writer thread.

mod flush_policy;
mod insert;
mod name_cache;
mod queue;
mod record;
mod record_count;
mod records;
mod run_row;
mod session;
mod spool;
mod start;
mod summary;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use serde_json::Value;

use crate::{Goal, Level, NewArtifact, Probe, RankSet, Request, Status, Tick};
use queue::Queue;
use writer::Shared;

pub use flush_policy::FlushPolicy;
pub(crate) use {
    name_cache::NameCache,
    record::{Points, Record},
    records::finish as finish_run,
    records::image as insert_image,
    records::rank as insert_rank,
    run_row::{insert as insert_run, resume as resume_run, set_config},
    session::Session,
    spool::recover,
    summary::recount,
};

/// Records one run. Calls return at once; a failing store never stops training (see [`Recorder::fault`]).
///
/// Dropping it without [`Recorder::finish`], as in a panic, marks the run as failed.
pub struct Recorder {
    uid: String,
    folder: PathBuf,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Recorder {
    /// Records metric values at one point of training; of a repeated name only the first value counts. Waits at most 5 ms,
    /// and only while 65,536 records are queued; then the values are lost and [counted](Recorder::dropped).
    pub fn log(&self, at: Tick, points: &[(&str, f64)]) {
        if self.thread.is_some() && !points.is_empty() && !self.queue.log(at, points, || self.wake()) {
            self.shared.count_lost(Some(at.step));
        }
    }

    /// Records the ranks of an evaluation.
    pub fn rank(&self, set: RankSet) {
        self.send(Record::Rank(Box::new(set)));
    }

    /// Records a probe. Send its thumbnails first, with [`Recorder::image`].
    pub fn probe(&self, probe: Probe) {
        self.send(Record::Probe(Box::new(probe)));
    }

    /// Records a JPEG thumbnail under a digest of its content, unless the store already has it.
    pub fn image(&self, digest: &str, jpeg: Vec<u8>) {
        self.send(Record::Image(Box::new((digest.into(), jpeg))));
    }

    /// Sets an entry of the run's environment that comparisons use, such as `code`, `data.test` or
    /// `train_flops_per_sample`. Replaces an existing one.
    pub fn set_environment(&self, key: &str, value: Value) {
        self.send(Record::Environment(Box::new((key.into(), value))));
    }

    /// Records an event.
    pub fn event(&self, level: Level, kind: &str, step: Option<u64>, text: &str) {
        self.send(Record::event(level, kind, step, text));
    }

    /// Records a file.
    pub fn artifact(&self, artifact: NewArtifact) {
        self.send(Record::Artifact(Box::new((crate::now_ms(), artifact))));
    }

    /// Sets the unit and the goal of a metric.
    pub fn describe_metric(&self, name: &str, unit: &str, goal: Goal) {
        self.send(Record::Describe(Box::new((name.into(), unit.into(), goal))));
    }

    /// The requests received since the last call, oldest first. Cheap enough to call every step.
    pub fn requests(&self) -> Vec<Request> {
        std::iter::from_fn(|| self.shared.requests.pop()).collect()
    }

    /// Why records are not written to the store at the moment; none if they are.
    pub fn fault(&self) -> Option<String> {
        self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Number of lost records: the writer could not keep up, or neither the store nor the disk accepted them.
    pub fn dropped(&self) -> u64 {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).records
    }

    /// The lost records with their steps, as a message; none if there are none.
    pub fn loss(&self) -> Option<String> {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).loss()
    }

    /// The run's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The run's folder, next to the store. Locked while the run is recorded.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until everything so far is in the store or the spool, 30 s at most. Returns the number of log calls in the
    /// store, if everything is in the store.
    pub fn flush(&self) -> Option<u64> {
        let written = self.queue.written();
        self.wake();
        written.recv_timeout(Duration::from_secs(30)).ok().flatten()
    }

    /// Ends the run and waits until the end is written. If the last records are not in the store, returns why, which they
    /// are, where they are and what to do.
    pub fn finish(mut self, status: Status, reason: Option<&str>) -> Option<String> {
        self.end(status, reason);
        self.fault()
    }

    fn end(&mut self, status: Status, reason: Option<&str>) {
        let Some(thread) = self.thread.take() else { return };
        // `Stalled` and `Crashed` are derived by readers and never stored.
        let status =
            if matches!(status, Status::Stalled | Status::Crashed) { Status::Failed } else { status };
        let end = Record::End(Box::new((status, reason.map(str::to_owned), crate::now_ms())));
        self.queue.close(end);
        thread.thread().unpark();
        let _ = thread.join();
    }

    fn wake(&self) {
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }

    fn send(&self, record: Record) {
        let step = record.step();
        if self.thread.is_some() && !self.queue.push(record, || self.wake()) {
            self.shared.count_lost(step);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end(
            Status::Failed,
            Some("the process ended without recording a result, as after a panic; see its log"),
        );
    }
}
