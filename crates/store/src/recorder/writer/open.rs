//! Reopening a failed store.

use std::time::{Duration, Instant};

use sqlx::SqliteConnection;

use super::Writer;
use crate::{
    Level, NewRun, Status, StoreError,
    db::{Access, Db, Host, connect},
    recorder::{record::Record, record_count::RecordCount, run_row, session::Session, spool},
};

impl Writer {
    /// Tries to reopen the store, and replays the spool first.
    pub fn reopen(&mut self) {
        self.retry_at = Instant::now() + self.policy.retry;
        let opened = self.try_open();
        if let Ok(open) = opened {
            self.open = Some(open);
            self.spool = None;
            self.spooled = RecordCount::default();
            self.shared.set_fault(None);
        }
    }

    fn try_open(&mut self) -> Result<(Db, Session), StoreError> {
        // A short timeout: records keep arriving, and go into the spool.
        let db = connect(&self.store, Access::Write, self.policy.busy.min(Duration::from_millis(250)))?;
        if let Some(path) = spool::find(&self.folder)
            && let Some(text) = spool::replay(&db, &path)?.text()
        {
            self.batch.insert(0, Record::event(Level::Warning, "store", None, &text));
        }
        db.write("recording the run", async |conn| ensure(conn, &self.run).await)?;
        let session = db.with("reading the run", async |conn| Session::load(conn, &self.run.uid).await)?;
        Ok((db, session))
    }
}

async fn ensure(conn: &mut SqliteConnection, run: &NewRun) -> Result<(), sqlx::Error> {
    let existing: Option<i64> = sqlx::query_scalar("SELECT id FROM run WHERE uid = ?")
        .bind(&run.uid)
        .fetch_optional(&mut *conn)
        .await?;
    match existing {
        Some(_) => Ok(()),
        None => run_row::insert(conn, run, &Host::here(), Status::Running).await.map(|_| ()),
    }
}
