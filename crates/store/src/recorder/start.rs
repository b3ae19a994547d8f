//! Starting a recorder.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use super::{
    Recorder,
    flush_policy::FlushPolicy,
    queue::Queue,
    record_count::RecordCount,
    run_row,
    session::Session,
    spool,
    writer::{Shared, Writer},
};
use crate::{
    NewRun, Status, StoreError,
    db::{Access, Db, Host, connect},
    folder::{FolderLock, run_folder},
};

impl Recorder {
    /// Starts a new run in the store at `store`, which is created if missing.
    pub fn start(store: &Path, run: NewRun) -> Result<Recorder, StoreError> {
        Recorder::start_with(store, run, FlushPolicy::default())
    }

    /// [`Recorder::start`] with another flush policy.
    pub fn start_with(store: &Path, run: NewRun, policy: FlushPolicy) -> Result<Recorder, StoreError> {
        let db = connect(store, Access::Write, policy.busy)?;
        let folder = run_folder(store, &run.uid)?;
        let lock = FolderLock::take(&folder).map_err(|error| match error {
            StoreError::Refused(_) => already_recorded(&run),
            other => other,
        })?;
        let insert = db.write("recording the run", async |conn| {
            run_row::insert(conn, &run, &Host::here(), Status::Running).await
        });
        if let Err(error) = insert {
            // A run that was not recorded leaves no folder.
            lock.discard(&folder);
            return Err(match error {
                StoreError::Database { cause: sqlx::Error::RowNotFound, .. } => already_recorded(&run),
                other => other,
            });
        }
        Recorder::spawn(db, run, lock, policy, 0)
    }

    /// A recorder that records nothing and gets no requests, for a process whose run another process records.
    pub fn detached(uid: String, folder: PathBuf) -> Recorder {
        let queue = Queue::new(0);
        queue.abandon();
        Recorder { uid, folder, queue: Arc::new(queue), thread: None, shared: Arc::default() }
    }

    pub(crate) fn spawn(
        db: Db,
        run: NewRun,
        lock: FolderLock,
        policy: FlushPolicy,
        active_before: i64,
    ) -> Result<Recorder, StoreError> {
        let at = |path: &Path, doing, cause| StoreError::File { path: path.into(), doing, cause };
        let folder = run_folder(db.path(), &run.uid)?;
        spool::reserve(&folder);
        let session = db.with("reading the run", async |conn| Session::load(conn, &run.uid).await)?;
        let (uid, store, shared) = (run.uid.clone(), db.path().to_path_buf(), Arc::new(Shared::default()));
        let (queue, now) = (Arc::new(Queue::new(active_before)), Instant::now());
        let writer = Writer {
            store: store.clone(),
            run,
            folder: folder.clone(),
            _lock: lock,
            policy,
            shared: shared.clone(),
            open: Some((db, session)),
            spool: None,
            spooled: RecordCount::default(),
            cause: String::new(),
            retry_at: now,
            heartbeat_at: now,
            batch: Vec::new(),
            unreported_before: 0,
        };
        let thread = std::thread::Builder::new().name("store".into());
        let thread = thread.spawn({
            let queue = AbandonOnDrop(queue.clone());
            move || writer.run(&queue.0)
        });
        let thread = Some(thread.map_err(|e| at(&store, "starting the writer thread", e))?);
        Ok(Recorder { uid, folder, queue, thread, shared })
    }
}

fn already_recorded(run: &NewRun) -> StoreError {
    StoreError::Refused(format!(
        "run {} is already in the store: resume it, or start one with a new uid",
        run.uid
    ))
}

/// Abandons the queue when the writer thread ends, even by a panic, so that nobody waits for it.
struct AbandonOnDrop(Arc<Queue>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
