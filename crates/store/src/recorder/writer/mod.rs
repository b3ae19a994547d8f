//! The writer thread: moves queued records into the store, into the spool when the store fails, and keeps them in memory when
//! the disk is full.

mod open;
mod spill;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crossbeam::queue::SegQueue;
use sqlx::SqliteConnection;

use super::{
    flush_policy::FlushPolicy,
    queue::{Buffer, Queue},
    record::Record,
    record_count::RecordCount,
    session::Session,
    spool::{self, Spool},
};
use crate::{NewRun, Request, StoreError, db::Db, folder::FolderLock};

/// How often an idle writer polls for records. Waking it would cost the training thread microseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// State shared by the writer and the recorder.
#[derive(Default)]
pub struct Shared {
    /// Requests from a dashboard.
    pub requests: SegQueue<Request>,
    /// Why records are not written to the store; none if they are.
    pub fault: Mutex<Option<String>>,
    /// All losses.
    pub lost: Mutex<RecordCount>,
    /// Losses that are not in the store as an event yet.
    pub unreported: Mutex<RecordCount>,
}

impl Shared {
    /// Sets or clears the fault.
    pub fn set_fault(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Counts a lost record.
    pub fn count_lost(&self, step: Option<u64>) {
        for losses in [&self.lost, &self.unreported] {
            losses.lock().unwrap_or_else(PoisonError::into_inner).add(step);
        }
    }
}

/// The state of the thread.
pub struct Writer {
    pub store: PathBuf,
    pub run: NewRun,
    pub folder: PathBuf,
    /// Held while the run is recorded.
    pub _lock: FolderLock,
    pub policy: FlushPolicy,
    pub shared: Arc<Shared>,
    pub open: Option<(Db, Session)>,
    pub spool: Option<Spool>,
    /// The records in the spool.
    pub spooled: RecordCount,
    /// Why the store is closed.
    pub cause: String,
    pub retry_at: Instant,
    pub heartbeat_at: Instant,
    /// Records neither in the store nor in the spool.
    pub batch: Vec<Record>,
    /// Unreported losses at the last flush.
    pub unreported_before: u64,
}

impl Writer {
    /// Runs until the run has ended.
    pub fn run(mut self, queue: &Queue) {
        let (mut due, mut points, mut taken) = (Instant::now() + self.policy.flush, 0, Buffer::default());
        loop {
            queue.take(&mut taken);
            for record in queue.records(&mut taken) {
                points += record.weight();
                self.batch.push(record);
                if points >= self.policy.points {
                    self.flush();
                    (due, points) = (Instant::now() + self.policy.flush, 0);
                }
            }
            if taken.last {
                return self.close();
            }
            if !taken.waiters.is_empty() || Instant::now() >= due {
                self.flush();
                (due, points) = (Instant::now() + self.policy.flush, 0);
                let logged = self.logged();
                taken.waiters.drain(..).for_each(|waiter| waiter.send(logged).unwrap_or_default());
            }
            std::thread::park_timeout(POLL_INTERVAL.min(due.saturating_duration_since(Instant::now())));
        }
    }

    /// Number of log calls in the store, if all are there.
    fn logged(&self) -> Option<u64> {
        let (_, session) = self.open.as_ref().filter(|_| self.batch.is_empty())?;
        Some(session.next as u64)
    }

    /// Writes the last records into the store or the spool; retries for a while if both fail.
    fn close(&mut self) {
        let until = Instant::now() + self.policy.closing;
        loop {
            self.report_losses();
            self.retry_at = Instant::now();
            self.flush();
            if self.batch.is_empty() || Instant::now() >= until {
                break;
            }
            std::thread::sleep(POLL_INTERVAL.max(self.policy.flush));
        }
        self.give_up();
        spool::release(&self.folder);
    }

    fn flush(&mut self) {
        if self.open.is_none() && Instant::now() >= self.retry_at {
            self.reopen();
        }
        if self.open.is_some() {
            self.report_settled();
        }
        if let Err(error) = self.write() {
            self.open = None;
            self.retry_at = Instant::now() + self.policy.retry;
            self.cause = error.to_string();
            self.spill();
        } else if self.open.is_none() {
            self.spill();
        }
        self.bound_memory();
    }

    /// Writes the batch and reads requests; no effect while the store is closed.
    fn write(&mut self) -> Result<(), StoreError> {
        let Some((db, session)) = &mut self.open else { return Ok(()) };
        if !self.batch.is_empty() || Instant::now() >= self.heartbeat_at {
            db.ensure_not_replaced()?;
            db.write("recording", async |conn| session.apply(conn, &self.batch).await)?;
            self.heartbeat_at = Instant::now() + self.policy.heartbeat;
            self.batch.clear();
        }
        let run = session.run;
        for request in db.with("reading requests", async |conn| requests(conn, run).await)? {
            self.shared.requests.push(request);
        }
        Ok(())
    }
}

async fn requests(conn: &mut SqliteConnection, run: i64) -> Result<Vec<Request>, sqlx::Error> {
    let sql = "SELECT request FROM control WHERE run = ? AND taken_ms IS NULL ORDER BY id";
    let names: Vec<String> = sqlx::query_scalar(sql).bind(run).fetch_all(&mut *conn).await?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "UPDATE control SET taken_ms = ? WHERE run = ? AND taken_ms IS NULL";
    sqlx::query(sql).bind(crate::now_ms()).bind(run).execute(conn).await?;
    Ok(names.iter().map(|name| if name == "stop" { Request::Stop } else { Request::Checkpoint }).collect())
}
