//! Runs of other tools, with their own times.

use sqlx::SqliteConnection;

use super::Store;
use crate::{
    Goal, ImportedPoints, Level, NewRun, Origin, Status, StoreError,
    db::{Db, Host},
    folder::FolderLock,
    recorder::{self, NameCache, Points, Record, Session},
    run_folder,
};

/// A run of another tool that is being imported. Holds the lock of the run's folder.
///
/// What is dropped before [`Import::finish`] keeps what was written, and shows as crashed; importing it again completes it.
pub struct Import<'a> {
    db: &'a Db,
    session: Session,
    names: NameCache,
    started_ms: i64,
    _lock: FolderLock,
}

impl Store {
    /// Inserts the run `new`, or opens the one with its uid to append to it; its settings are replaced. Running until
    /// [`Import::finish`].
    ///
    /// # Errors
    /// [`StoreError::Refused`] while another process imports or records it.
    pub fn import(&self, new: &NewRun, origin: &Origin) -> Result<Import<'_>, StoreError> {
        let lock = FolderLock::take(&run_folder(self.db.path(), &new.uid)?)?;
        let started_ms = self.db.write("recording the run", async |conn| insert(conn, new, origin).await)?;
        let session = self.db.with("reading the run", async |conn| Session::load(conn, &new.uid).await)?;
        Ok(Import { db: &self.db, session, names: NameCache::default(), started_ms, _lock: lock })
    }
}

/// Returns the start of the run, which a later import does not change.
async fn insert(conn: &mut SqliteConnection, new: &NewRun, origin: &Origin) -> Result<i64, sqlx::Error> {
    let existing = sqlx::query_scalar("SELECT id FROM run WHERE uid = ?").bind(&new.uid);
    let existing: Option<i64> = existing.fetch_optional(&mut *conn).await?;
    if let Some(run) = existing {
        let sql = "UPDATE run SET status = 'running', heartbeat_ms = ? WHERE id = ?";
        sqlx::query(sql).bind(crate::now_ms()).bind(run).execute(&mut *conn).await?;
        recorder::set_config(conn, run, new).await?;
        let started = sqlx::query_scalar("SELECT coalesce(started_ms, 0) FROM run WHERE id = ?");
        return started.bind(run).fetch_one(conn).await;
    }
    let run = recorder::insert_run(conn, new, &Host::here(), Status::Running).await?;
    let sql = "UPDATE run SET created_ms = ?1, started_ms = ?1, host = ?2 WHERE id = ?3";
    let query = sqlx::query(sql).bind(origin.started_ms).bind(&origin.host).bind(run);
    query.execute(conn).await?;
    Ok(origin.started_ms)
}

impl Import<'_> {
    /// Writes points in one transaction: pass some thousands. In the order of their steps, as training records them.
    pub fn write(&mut self, points: &[ImportedPoints<'_>]) -> Result<(), StoreError> {
        let record = |points: &ImportedPoints<'_>| {
            let bits = points.values.iter().map(|(_, value)| value.to_bits()).collect();
            let active_ms = points.wall_ms.saturating_sub(self.started_ms).max(0);
            let names = self.names.get(&points.values);
            Record::Points(Points { at: points.at, wall_ms: points.wall_ms, active_ms, names, bits })
        };
        let records: Vec<Record> = points.iter().map(record).collect();
        self.apply(&records)
    }

    /// Sets the goal of a metric.
    pub fn describe_metric(&mut self, name: &str, goal: Goal) -> Result<(), StoreError> {
        self.apply(&[Record::Describe(Box::new((name.into(), String::new(), goal)))])
    }

    /// Records an event.
    pub fn event(&mut self, level: Level, kind: &str, text: &str) -> Result<(), StoreError> {
        self.apply(&[Record::event(level, kind, None, text)])
    }

    /// Ends the run at `ended_ms`, milliseconds since 1970.
    pub fn finish(self, status: Status, reason: Option<&str>, ended_ms: i64) -> Result<(), StoreError> {
        let run = self.session.run;
        self.db.write("ending the run", async |conn| {
            recorder::finish_run(conn, run, status, reason, ended_ms).await?;
            let sql = "UPDATE run SET heartbeat_ms = ? WHERE id = ?";
            sqlx::query(sql).bind(ended_ms).bind(run).execute(conn).await.map(|_| ())
        })
    }

    fn apply(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let session = &mut self.session;
        self.db.write("importing", async |conn| session.apply(conn, records).await)
    }
}
