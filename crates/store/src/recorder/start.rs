//! The first start of a run, and its later ones.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};

use super::{
    Recorder, begin,
    line::Line,
    pace::Pace,
    session::Session,
    writer::{Shared, Writer},
};
use crate::{
    NewRun, Status, StoreError,
    db::{Access, Db, Host, connect},
};

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
        let (line, now) = (Arc::new(Line::new(active_before)), Instant::now());
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
        let thread = std::thread::Builder::new().name("store".into());
        let thread = thread.spawn({
            let line = Over(line.clone());
            move || writer.serve(&line.0)
        });
        let thread = Some(thread.map_err(|e| at(&store, "starting the writer thread", e))?);
        Ok(Recorder { uid, line, thread, shared, dropped: AtomicU64::new(0) })
    }
}

/// The writer's hold of the line: when its thread is over, even by a panic, nobody waits for it any more.
struct Over(Arc<Line>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
