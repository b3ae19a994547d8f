//! Starting and resuming a recorder.

use std::{path::Path, sync::Arc, time::Instant};

use super::{
    Recorder, begin,
    line::Line,
    pace::Pace,
    session::Session,
    spool,
    writer::{Shared, Writer},
};
use crate::{
    NewRun, ResumePoint, Status, StoreError,
    db::{Access, Db, Host, connect},
    folder::{FolderLock, run_folder},
};

impl Recorder {
    /// Starts a new run in the store at `store`, which is created if missing.
    pub fn start(store: &Path, run: NewRun) -> Result<Recorder, StoreError> {
        Recorder::start_with(store, run, Pace::default())
    }

    /// [`Recorder::start`] with another flush policy.
    pub fn start_with(store: &Path, run: NewRun, pace: Pace) -> Result<Recorder, StoreError> {
        let db = connect(store, Access::Write, pace.busy)?;
        let folder = run_folder(store, &run.uid)?;
        let lock = FolderLock::take(&folder).map_err(|error| match error {
            StoreError::Refused(_) => recorded(&run),
            other => other,
        })?;
        let insert = db.write("recording the run", async |conn| {
            begin::insert(conn, &run, &Host::here(), Status::Running).await
        });
        if let Err(error) = insert {
            // A run that was not recorded leaves no folder.
            lock.discard(&folder);
            return Err(match error {
                StoreError::Database { cause: sqlx::Error::RowNotFound, .. } => recorded(&run),
                other => other,
            });
        }
        Recorder::spawn(db, run, lock, pace, 0)
    }

    /// Resumes a run at `from`; later records are superseded.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while another process records it.
    pub fn resume(store: &Path, uid: &str, from: impl Into<ResumePoint>) -> Result<Recorder, StoreError> {
        Recorder::resume_with(store, uid, from, Pace::default())
    }

    /// [`Recorder::resume`] with another flush policy.
    pub fn resume_with(
        store: &Path,
        uid: &str,
        from: impl Into<ResumePoint>,
        pace: Pace,
    ) -> Result<Recorder, StoreError> {
        let opened = crate::Store::open_with(store, pace.busy)?;
        let row = opened.by_uid(uid)?;
        if matches!(row.status, Status::Running | Status::Stalled) {
            return Err(in_use(&row.name, row.pid, &row.host));
        }
        let lock = FolderLock::take(&row.dir)?;
        let (run, from) = (opened.new_run(&row)?, from.into());
        let db = opened.into_db();
        let again = db.write("resuming the run", async |conn| {
            begin::again(conn, uid, row.attempt, from, &Host::here()).await
        })?;
        // On a file system without locks another process may have resumed it first.
        let active = again.map_err(|other| in_use(&row.name, other.pid, &other.host))?;
        Recorder::spawn(db, run, lock, pace, active)
    }

    fn spawn(
        db: Db,
        run: NewRun,
        lock: FolderLock,
        pace: Pace,
        active_before: i64,
    ) -> Result<Recorder, StoreError> {
        let at = |path: &Path, doing, cause| StoreError::File { path: path.into(), doing, cause };
        let folder = run_folder(db.path(), &run.uid)?;
        spool::reserve(&folder);
        let session = db.with("reading the run", async |conn| Session::load(conn, &run.uid).await)?;
        let (uid, store, shared) = (run.uid.clone(), db.path().to_path_buf(), Arc::new(Shared::default()));
        let (line, now) = (Arc::new(Line::new(active_before)), Instant::now());
        let writer = Writer {
            store: store.clone(),
            run,
            folder: folder.clone(),
            _lock: lock,
            pace,
            shared: shared.clone(),
            open: Some((db, session)),
            spool: None,
            retry_at: now,
            beat_at: now,
            batch: Vec::new(),
            losing: 0,
        };
        let thread = std::thread::Builder::new().name("store".into());
        let thread = thread.spawn({
            let line = Over(line.clone());
            move || writer.serve(&line.0)
        });
        let thread = Some(thread.map_err(|e| at(&store, "starting the writer thread", e))?);
        Ok(Recorder { uid, folder, line, thread, shared })
    }
}

fn recorded(run: &NewRun) -> StoreError {
    StoreError::Refused(format!(
        "run {} is already in the store: resume it, or start one with a new uid",
        run.uid
    ))
}

fn in_use(name: &str, pid: i64, host: &str) -> StoreError {
    StoreError::Refused(format!("run {name} is being recorded by process {pid} on {host}: stop it first"))
}

/// Abandons the queue when the writer thread ends, even by a panic, so that nobody waits for it.
struct Over(Arc<Line>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
