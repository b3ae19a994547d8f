//! Recording a run: calls that never fail and never wait long, and one thread that writes.

mod begin;
mod insert;
mod names;
mod record;
mod session;
mod small;
mod spool;
mod summary;
mod writer;

use std::{
    path::Path,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam::channel::{Sender, TrySendError, bounded};
use serde_json::Value;

use crate::{
    Goal, Level, NewArtifact, NewRun, Probe, RankSet, Request, Status, StoreError, Tick,
    db::{Access, Db, Host, connect},
};
use names::Shapes;
use record::{Points, Record};
use session::Session;
use writer::{Message, Shared, Writer};

pub use writer::Pace;
pub(crate) use {begin::insert as insert_run, small::finish as finish_run, spool::recover};

/// Records that may wait for the writer.
const WAITING: usize = 65_536;
/// The longest a call waits when that many do.
const PATIENCE: Duration = Duration::from_millis(5);

/// Records one run. Calls return at once; a store that fails never stops training (see [`Recorder::fault`]).
///
/// Dropped without [`Recorder::finish`], as in a panic, it marks the run as failed.
pub struct Recorder {
    uid: String,
    outbox: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    shapes: Shapes,
    dropped: AtomicU64,
    began: Instant,
    active_before: i64,
}

impl Recorder {
    /// Begins a new run in the store at `store`, which is created when missing.
    pub fn start(store: &Path, run: NewRun) -> Result<Recorder, StoreError> {
        Recorder::start_with(store, run, Pace::default())
    }

    /// [`Recorder::start`] at another pace.
    pub fn start_with(store: &Path, run: NewRun, pace: Pace) -> Result<Recorder, StoreError> {
        let db = connect(store, Access::Write, pace.busy)?;
        let insert = db.write("recording the run", async |conn| {
            begin::insert(conn, &run, &Host::here(), Status::Running).await
        });
        insert.map_err(|error| match error {
            StoreError::Database { source: sqlx::Error::RowNotFound, .. } => StoreError::Refused(format!(
                "run {} is in the store already: resume it, or start one with a new uid",
                run.uid
            )),
            other => other,
        })?;
        Recorder::spawn(db, run, pace, 0)
    }

    /// Goes on with a run after `from_step`; what it recorded later no longer counts. Refused while another process
    /// records it.
    pub fn resume(store: &Path, uid: &str, from_step: u64) -> Result<Recorder, StoreError> {
        Recorder::resume_with(store, uid, from_step, Pace::default())
    }

    /// [`Recorder::resume`] at another pace.
    pub fn resume_with(store: &Path, uid: &str, from_step: u64, pace: Pace) -> Result<Recorder, StoreError> {
        let opened = crate::Store::open_with(store, pace.busy)?;
        let row = opened.by_uid(uid)?;
        if row.status == Status::Running || row.status == Status::Stalled {
            let text = format!(
                "run {} is being recorded by process {} on {}: stop it first",
                row.name, row.pid, row.host
            );
            return Err(StoreError::Refused(text));
        }
        let run = opened.new_run(&row)?;
        let db = opened.into_db();
        let active = db.write("resuming the run", async |conn| {
            begin::again(conn, uid, from_step, &Host::here()).await
        })?;
        Recorder::spawn(db, run, pace, active)
    }

    fn spawn(db: Db, run: NewRun, pace: Pace, active_before: i64) -> Result<Recorder, StoreError> {
        let at = |path: &Path, doing, source| StoreError::File { path: path.into(), doing, source };
        std::fs::create_dir_all(&run.dir).map_err(|e| at(&run.dir, "creating the run's folder", e))?;
        let session = db.with("reading the run", async |conn| Session::load(conn, &run.uid).await)?;
        let (uid, store, shared) = (run.uid.clone(), db.path().to_path_buf(), Arc::new(Shared::default()));
        let (outbox, inbox) = bounded(WAITING);
        let now = Instant::now();
        let writer = Writer {
            store: store.clone(),
            run,
            pace,
            shared: shared.clone(),
            open: Some((db, session)),
            spool: None,
            retry_at: now,
            beat_at: now,
            batch: Vec::new(),
        };
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || writer.serve(inbox));
        let thread = Some(thread.map_err(|e| at(&store, "starting the writer thread", e))?);
        let (outbox, shapes, dropped) = (Some(outbox), Shapes::default(), AtomicU64::new(0));
        Ok(Recorder { uid, outbox, thread, shared, shapes, dropped, began: now, active_before })
    }

    /// Records values of metrics at one moment of training. A metric named twice counts once. Waits at most 5 ms, and
    /// only while 65,536 records are in line; then the values are lost and [counted](Recorder::dropped).
    pub fn log(&self, at: Tick, points: &[(&str, f64)]) {
        if points.is_empty() {
            return;
        }
        let bits = points.iter().map(|(_, value)| value.to_bits()).collect();
        let active_ms = self.active_before + self.began.elapsed().as_millis() as i64;
        let names = self.shapes.of(points);
        self.send(Record::Points(Points { at, wall_ms: crate::now_ms(), active_ms, names, bits }));
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

    /// How many records were lost because the writer could not keep up.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The run's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// Waits until everything so far is in the store or kept aside, 30 s at most.
    pub fn flush(&self) {
        let (answer, answered) = bounded(1);
        let sent = self
            .outbox
            .as_ref()
            .is_some_and(|o| o.send_timeout(Message::Flush(answer), PATIENCE * 1000).is_ok());
        self.wake();
        if sent {
            let _ = answered.recv_timeout(Duration::from_secs(30));
        }
    }

    /// Ends the run and waits until that is written. Answers with the fault, if its last records are kept aside.
    pub fn finish(mut self, status: Status, reason: Option<&str>) -> Option<String> {
        self.end(status, reason);
        self.fault()
    }

    fn end(&mut self, status: Status, reason: Option<&str>) {
        let Some(thread) = self.thread.take() else { return };
        if self.dropped() > 0 {
            let text = format!("{} records were lost: the store was too slow for them", self.dropped());
            self.send(Record::event(Level::Warning, "store", None, &text));
        }
        // `Stalled` and `Crashed` are a reader's judgement; a run that says so of itself has failed.
        let status =
            if matches!(status, Status::Stalled | Status::Crashed) { Status::Failed } else { status };
        let end = Record::End(Box::new((status, reason.map(str::to_owned), crate::now_ms())));
        if let Some(outbox) = self.outbox.take() {
            let _ = outbox.send_timeout(Message::Record(end), Duration::from_secs(30));
        }
        thread.thread().unpark();
        let _ = thread.join();
    }

    fn wake(&self) {
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }

    fn send(&self, record: Record) {
        let Some(outbox) = &self.outbox else { return };
        let sent = match outbox.try_send(Message::Record(record)) {
            Err(TrySendError::Full(message)) => {
                self.wake();
                outbox.send_timeout(message, PATIENCE).is_ok()
            }
            other => other.is_ok(),
        };
        if !sent {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end(Status::Failed, Some("training ended without a word, as after a panic; its log says more"));
    }
}
