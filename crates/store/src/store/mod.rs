//! Editing a store in short transactions that never block a run.

mod evaluate;
mod health;
mod import;
mod resume;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    NewRun, Reader, Request, RunId, RunRow, Status, StoreError,
    db::{Access, Db, Host, connect},
    folder, now_ms,
    reader::{self, STALLED_MS},
    recorder, run_folder,
};

pub use health::{Health, health};
pub use import::Import;

/// A store opened for edits; created or migrated when needed.
pub struct Store {
    pub(crate) db: Db,
    failed_spools: Vec<String>,
    watch: &'static reader::Watch,
}

impl Store {
    /// Opens the store at `path`, creates or migrates it, and replays the spools of crashed runs.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        Store::open_with(path, Duration::from_secs(10))
    }

    pub(crate) fn open_with(path: &Path, busy: Duration) -> Result<Store, StoreError> {
        let db = connect(path, Access::Write, busy)?;
        let failed_spools = recorder::recover(&db)?.iter().map(ToString::to_string).collect();
        Ok(Store { db, failed_spools, watch: reader::Watch::shared() })
    }

    /// Warnings about this store: a network file system, or spools that could not be replayed.
    pub fn notice(&self) -> Option<String> {
        let notices: Vec<String> = self.db.notice.iter().chain(&self.failed_spools).cloned().collect();
        (!notices.is_empty()).then(|| notices.join("; "))
    }

    /// A reader of the same file.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(self.db.path())
    }

    /// Queues a run that starts later; [`crate::Recorder::start`] takes its row over.
    pub fn queue(&self, run: &NewRun) -> Result<(), StoreError> {
        self.db.write("queueing the run", async |conn| {
            recorder::insert_run(conn, run, &Host::here(), Status::Queued).await.map(|_| ())
        })
    }

    /// Marks a run as failed whose process died before or while it recorded. No effect on a run that has ended.
    pub fn mark_failed_start(&self, uid: &str, name: &str, reason: &str) -> Result<(), StoreError> {
        run_folder(self.db.path(), uid)?;
        let new = NewRun { uid: uid.into(), name: name.into(), ..NewRun::default() };
        self.db.write("marking the run as failed", async |conn| {
            let existing: Option<(i64, String)> = sqlx::query_as("SELECT id, status FROM run WHERE uid = ?")
                .bind(uid)
                .fetch_optional(&mut *conn)
                .await?;
            let run = match existing {
                Some((id, status)) if status == "queued" || status == "running" => id,
                Some(_) => return Ok(()), // it recorded its own end
                None => recorder::insert_run(conn, &new, &Host::here(), Status::Failed).await?,
            };
            recorder::finish_run(conn, run, Status::Failed, Some(reason), now_ms()).await
        })
    }

    /// Adds a tag.
    pub fn tag(&self, run: RunId, tag: &str) -> Result<(), StoreError> {
        self.edit("tagging", "INSERT OR IGNORE INTO tag (run, tag) VALUES (?, ?)", run, tag)
    }

    /// Removes a tag.
    pub fn untag(&self, run: RunId, tag: &str) -> Result<(), StoreError> {
        self.edit("removing a tag", "DELETE FROM tag WHERE run = ? AND tag = ?", run, tag)
    }

    /// Adds a note to a run.
    pub fn note(&self, run: RunId, text: &str) -> Result<(), StoreError> {
        self.db.write("writing a note", async |conn| {
            let sql = "INSERT INTO note (run, at_ms, text) VALUES (?, ?, ?)";
            sqlx::query(sql).bind(run.0).bind(now_ms()).bind(text).execute(conn).await.map(|_| ())
        })
    }

    /// Sends a request to a running run, which receives it within a second.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a run that has ended.
    pub fn request(&self, run: RunId, request: Request) -> Result<(), StoreError> {
        let row = self.by_id(run)?;
        if !row.status.is_live() {
            return Err(StoreError::Refused(format!("run {} is {}, not running", row.name, row.status)));
        }
        let name = match request {
            Request::Stop => "stop",
            Request::Checkpoint => "checkpoint",
        };
        self.db.write("sending the request", async |conn| {
            let sql = "INSERT INTO control (run, at_ms, request) VALUES (?, ?, ?)";
            sqlx::query(sql).bind(run.0).bind(now_ms()).bind(name).execute(conn).await.map(|_| ())
        })
    }

    /// Deletes a run, its records and its folder. Thumbnails stay: other runs may share them.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while the run is being recorded.
    pub fn delete(&self, run: RunId) -> Result<(), StoreError> {
        let row = self.by_id(run)?;
        if matches!(row.status, Status::Running | Status::Stalled) {
            return Err(StoreError::Refused(format!(
                "run {} is {}: stop it before deleting it",
                row.name, row.status
            )));
        }
        // The folder first: if it cannot be removed, the run stays listed.
        folder::remove(&row.dir)?;
        self.db.write("deleting the run", async |conn| {
            sqlx::query("DELETE FROM run WHERE id = ?").bind(run.0).execute(conn).await.map(|_| ())
        })
    }

    /// Whether only [`Store::poll_liveness`] can decide if the run is alive: its heartbeat is old, and it is on another
    /// machine, whose clock may be slow.
    pub fn is_liveness_unknown(&self, run: RunId) -> Result<bool, StoreError> {
        let row = self.by_id(run)?;
        Ok(row.status == Status::Stalled && row.host != Host::here().host)
    }

    /// Polls a run of [unknown liveness](Store::is_liveness_unknown) until its heartbeat changes or it counts as
    /// crashed, 16 s at most. Returns the last row.
    pub fn poll_liveness(&self, run: RunId) -> Result<RunRow, StoreError> {
        let (first, until) =
            (self.by_id(run)?, Instant::now() + Duration::from_millis(STALLED_MS as u64 + 1000));
        loop {
            let row = self.by_id(run)?;
            let moved = row.heartbeat_ms != first.heartbeat_ms;
            if moved || row.status != Status::Stalled || Instant::now() > until {
                return Ok(row);
            }
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    fn edit(&self, doing: &str, sql: &'static str, run: RunId, text: &str) -> Result<(), StoreError> {
        self.db.write(doing, async |conn| {
            sqlx::query(sql).bind(run.0).bind(text).execute(conn).await.map(|_| ())
        })
    }

    fn by_id(&self, run: RunId) -> Result<RunRow, StoreError> {
        self.find(&run.0.to_string(), |row| row.id == run)
    }

    pub(crate) fn by_uid(&self, uid: &str) -> Result<RunRow, StoreError> {
        self.find(uid, |row| row.uid == uid)
    }

    fn find(&self, selector: &str, fits: impl Fn(&RunRow) -> bool) -> Result<RunRow, StoreError> {
        let (store_dir, watch) = (self.db.dir(), self.watch);
        let rows =
            self.db.with("reading the runs", async |conn| reader::all_runs(conn, store_dir, watch).await)?;
        let none = || StoreError::NoSuchRun { selector: selector.into(), hint: String::new() };
        rows.into_iter().find(fits).ok_or_else(none)
    }

    /// The metadata the run was started with, for the spool of a later attempt.
    pub(crate) fn new_run(&self, row: &RunRow) -> Result<NewRun, StoreError> {
        let reader = self.reader()?;
        Ok(NewRun {
            uid: row.uid.clone(),
            name: row.name.clone(),
            study: row.study.clone(),
            arm: row.arm.clone(),
            seed: row.seed,
            spec_text: reader.spec_text(row.id)?,
            config: reader.config(row.id)?,
            environment: reader.environment(row.id)?,
            total_steps: row.total_steps,
            goal_metric: row.goal_metric.clone(),
        })
    }

    pub(crate) fn into_db(self) -> Db {
        self.db
    }
}
