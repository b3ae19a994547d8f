//! The one thread that writes: takes what is in line, puts it into the store, or aside when the store fails.

mod open;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crossbeam::queue::SegQueue;
use sqlx::SqliteConnection;

use super::{
    line::{Line, Waiting},
    pace::Pace,
    record::Record,
    session::Session,
    spool::Spool,
};
use crate::{
    NewRun, Request, StoreError,
    db::{Db, Host},
};

/// How often an idle writer looks for records. To be woken for them would cost the training thread microseconds.
const LOOK: Duration = Duration::from_millis(20);

/// What the writer tells the recorder.
#[derive(Default)]
pub struct Shared {
    /// Requests of a dashboard.
    pub requests: SegQueue<Request>,
    /// Why records are kept aside, while they are.
    pub fault: Mutex<Option<String>>,
}

impl Shared {
    /// Tells or takes back a fault.
    pub fn tell(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

/// The state of the thread.
pub struct Writer {
    pub store: PathBuf,
    pub run: NewRun,
    pub pace: Pace,
    pub shared: Arc<Shared>,
    pub open: Option<(Db, Session)>,
    pub spool: Option<Spool>,
    pub retry_at: Instant,
    pub beat_at: Instant,
    pub batch: Vec<Record>,
}

impl Writer {
    /// Serves until the run has ended.
    pub fn serve(mut self, line: &Line) {
        let (mut due, mut points, mut taken) = (Instant::now() + self.pace.flush, 0, Waiting::default());
        loop {
            line.take(&mut taken);
            for record in line.records(&mut taken) {
                points += record.weight();
                self.batch.push(record);
                if points >= self.pace.points {
                    self.flush();
                    (due, points) = (Instant::now() + self.pace.flush, 0);
                }
            }
            if taken.last {
                self.retry_at = Instant::now(); // the last chance to get records from aside into the store
                return self.flush();
            }
            if !taken.answers.is_empty() || Instant::now() >= due {
                self.flush();
                (due, points) = (Instant::now() + self.pace.flush, 0);
                taken.answers.drain(..).for_each(|answer| answer.send(()).unwrap_or_default());
            }
            std::thread::park_timeout(LOOK.min(due.saturating_duration_since(Instant::now())));
        }
    }

    fn flush(&mut self) {
        if self.open.is_none() && Instant::now() >= self.retry_at {
            self.reopen();
        }
        if let Err(error) = self.write() {
            self.open = None;
            self.retry_at = Instant::now() + self.pace.retry;
            self.keep_aside(&error.to_string());
        } else if self.open.is_none() {
            self.keep_aside("");
        }
        self.batch.clear();
    }

    /// Writes the batch and listens; nothing while the store is away.
    fn write(&mut self) -> Result<(), StoreError> {
        let Some((db, session)) = &mut self.open else { return Ok(()) };
        if !self.batch.is_empty() || Instant::now() >= self.beat_at {
            db.still_there()?;
            db.write("recording", async |conn| session.apply(conn, &self.batch).await)?;
            self.beat_at = Instant::now() + self.pace.heartbeat;
            self.batch.clear();
        }
        let run = session.run;
        for request in db.with("listening for requests", async |conn| requests(conn, run).await)? {
            self.shared.requests.push(request);
        }
        Ok(())
    }

    fn keep_aside(&mut self, why: &str) {
        if let Err(error) = self.append() {
            let lost = self.batch.len();
            let text = format!(
                "{why}; keeping {lost} records aside in {} failed too: {error}",
                self.run.dir.display()
            );
            self.shared.tell(Some(text));
            self.spool = None;
        } else if !why.is_empty() {
            let path = self.spool.as_ref().map(|s| s.path().display().to_string()).unwrap_or_default();
            let text = format!(
                "{why}; training goes on, records wait in {path} and are added when the store answers"
            );
            self.shared.tell(Some(text));
        }
    }

    fn append(&mut self) -> std::io::Result<()> {
        let spool = match self.spool.take() {
            Some(spool) => spool,
            None => Spool::create(&self.run, &Host::here())?,
        };
        self.spool.insert(spool).append(&self.batch)
    }
}

async fn requests(conn: &mut SqliteConnection, run: i64) -> Result<Vec<Request>, sqlx::Error> {
    let sql = "SELECT request FROM control WHERE run = ? AND taken_ms IS NULL ORDER BY id";
    let words: Vec<String> = sqlx::query_scalar(sql).bind(run).fetch_all(&mut *conn).await?;
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "UPDATE control SET taken_ms = ? WHERE run = ? AND taken_ms IS NULL";
    sqlx::query(sql).bind(crate::now_ms()).bind(run).execute(conn).await?;
    Ok(words.iter().map(|w| if w == "stop" { Request::Stop } else { Request::Checkpoint }).collect())
}
