//! Recording a run: calls that never fail and never wait long, and one thread that writes.

mod begin;
mod insert;
mod line;
mod losses;
mod names;
mod pace;
mod record;
mod session;
mod small;
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
use line::Line;
use record::Record;
use writer::Shared;

pub use pace::Pace;
pub(crate) use {
    begin::insert as insert_run, small::finish as finish_run, small::rank as insert_rank, spool::recover,
};

/// Records one run. Calls return at once; a store that fails never stops training (see [`Recorder::fault`]).
///
/// Dropped without [`Recorder::finish`], as in a panic, it marks the run as failed.
pub struct Recorder {
    uid: String,
    folder: PathBuf,
    line: Arc<Line>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Recorder {
    /// Records values of metrics at one moment of training. A metric named twice counts once. Waits at most 5 ms, and
    /// only while 65,536 records are in line; then the values are lost and [counted](Recorder::dropped).
    pub fn log(&self, at: Tick, points: &[(&str, f64)]) {
        if !points.is_empty() && !self.line.log(at, points, || self.wake()) {
            self.shared.lose(Some(at.step));
        }
    }

    /// Records the ranks of an evaluation.
    pub fn rank(&self, set: RankSet) {
        self.send(Record::Rank(Box::new(set)));
    }

    /// Records what the model sees in a few fixed pairs. Its pictures go before it, by [`Recorder::picture`].
    pub fn probe(&self, seen: Probe) {
        self.send(Record::Probe(Box::new(seen)));
    }

    /// Records a thumbnail, a JPEG, under a digest of its content; one that is in the store already is left as it is.
    pub fn picture(&self, digest: &str, jpeg: Vec<u8>) {
        self.send(Record::Picture(Box::new((digest.into(), jpeg))));
    }

    /// Records a fact of the run that comparisons ask for as a row of its environment, such as `code`, `data.test` or
    /// `train_flops_per_sample`. One that is there already is written anew.
    pub fn fact(&self, key: &str, value: Value) {
        self.send(Record::Fact(Box::new((key.into(), value))));
    }

    /// Records that something happened.
    pub fn event(&self, level: Level, kind: &str, step: Option<u64>, text: &str) {
        self.send(Record::event(level, kind, step, text));
    }

    /// Records a file.
    pub fn artifact(&self, artifact: NewArtifact) {
        self.send(Record::Artifact(Box::new((crate::now_ms(), artifact))));
    }

    /// Says the unit of a metric and which direction is better.
    pub fn describe_metric(&self, name: &str, unit: &str, goal: Goal) {
        self.send(Record::Describe(Box::new((name.into(), unit.into(), goal))));
    }

    /// What was asked of the run since the last call, oldest first. Costs next to nothing; call it every step.
    pub fn requests(&self) -> Vec<Request> {
        std::iter::from_fn(|| self.shared.requests.pop()).collect()
    }

    /// Why records are kept aside at this moment, in a sentence; none while all is well.
    pub fn fault(&self) -> Option<String> {
        self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many records are lost: the writer could not keep up, or neither the store nor the disk took them.
    pub fn dropped(&self) -> u64 {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).records
    }

    /// The run's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The run's folder, beside the store. It is locked for as long as the run is recorded.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until everything so far is in the store or kept aside, 30 s at most. Answers with the number of log calls in
    /// the store, when everything is there.
    pub fn flush(&self) -> Option<u64> {
        let written = self.line.written();
        self.wake();
        written.recv_timeout(Duration::from_secs(30)).ok().flatten()
    }

    /// Ends the run and waits until that is written. Answers with the fault, if its last records are kept aside.
    pub fn finish(mut self, status: Status, reason: Option<&str>) -> Option<String> {
        self.end(status, reason);
        self.fault()
    }

    fn end(&mut self, status: Status, reason: Option<&str>) {
        let Some(thread) = self.thread.take() else { return };
        // `Stalled` and `Crashed` are a reader's judgement; a run that says so of itself has failed.
        let status =
            if matches!(status, Status::Stalled | Status::Crashed) { Status::Failed } else { status };
        let end = Record::End(Box::new((status, reason.map(str::to_owned), crate::now_ms())));
        self.line.close(end);
        thread.thread().unpark();
        let _ = thread.join();
    }

    fn wake(&self) {
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }

    fn send(&self, record: Record) {
        let step = record.step();
        if !self.line.push(record, || self.wake()) {
            self.shared.lose(step);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end(Status::Failed, Some("training ended without a word, as after a panic; its log says more"));
    }
}
