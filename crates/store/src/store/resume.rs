//! Resuming a run of a store.

use std::path::Path;

use crate::{
    FlushPolicy, Recorder, ResumePoint, Status, Store, StoreError, db::Host, folder::FolderLock,
    recorder::resume_run,
};

impl Recorder {
    /// Resumes a run at `from`; later records are superseded.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while another process records it.
    pub fn resume(store: &Path, uid: &str, from: impl Into<ResumePoint>) -> Result<Recorder, StoreError> {
        Recorder::resume_with(store, uid, from, FlushPolicy::default())
    }

    /// [`Recorder::resume`] with another flush policy.
    pub fn resume_with(
        store: &Path,
        uid: &str,
        from: impl Into<ResumePoint>,
        policy: FlushPolicy,
    ) -> Result<Recorder, StoreError> {
        let opened = Store::open_with(store, policy.busy)?;
        let row = opened.by_uid(uid)?;
        if matches!(row.status, Status::Running | Status::Stalled) {
            return Err(in_use(&row.name, row.pid, &row.host));
        }
        let lock = FolderLock::take(&row.dir)?;
        let (run, from) = (opened.new_run(&row)?, from.into());
        let db = opened.into_db();
        let resumed = db.write("resuming the run", async |conn| {
            resume_run(conn, uid, row.attempt, from, &Host::here()).await
        })?;
        // On a file system without locks another process may have resumed it first.
        let active = resumed.map_err(|other| in_use(&row.name, other.pid, &other.host))?;
        Recorder::spawn(db, run, lock, policy, active)
    }
}

fn in_use(name: &str, pid: i64, host: &str) -> StoreError {
    StoreError::Refused(format!("run {name} is being recorded by process {pid} on {host}: stop it first"))
}
