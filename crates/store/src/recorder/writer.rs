//! The one thread that writes: gathers records, puts them into the store, or aside when the store fails.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crossbeam::{
    channel::{Receiver, Sender, TryRecvError},
    queue::SegQueue,
};
use sqlx::SqliteConnection;

use super::{
    begin,
    record::Record,
    session::Session,
    spool::{self, Spool},
};
use crate::{
    NewRun, Request, Status, StoreError,
    db::{Access, Db, Host, connect},
};

/// How the writer paces itself.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The longest a record waits to be written.
    pub flush: Duration,
    /// How many values are written at once at most.
    pub points: usize,
    /// The longest silence of a living run.
    pub heartbeat: Duration,
    /// How long to wait for another program's lock before records are kept aside.
    pub busy: Duration,
    /// How long to wait before a store that failed is tried again.
    pub retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            flush: Duration::from_millis(250),
            points: 4096,
            heartbeat: Duration::from_secs(5),
            busy: Duration::from_secs(5),
            retry: spool::RETRY,
        }
    }
}

/// How often an idle writer looks for records.
const LOOK: Duration = Duration::from_millis(20);

/// What the recorder sends.
pub enum Message {
    /// Record this.
    Record(Record),
    /// Write all so far, then answer.
    Flush(Sender<()>),
}

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
    /// Serves until the recorder is gone or the run has ended.
    pub fn serve(mut self, inbox: Receiver<Message>) {
        let (mut due, mut points) = (Instant::now() + self.pace.flush, 0);
        loop {
            match inbox.try_recv() {
                Ok(Message::Record(record)) => {
                    points += if let Record::Points(p) = &record { p.bits.len() } else { 1 };
                    self.batch.push(record);
                    if points < self.pace.points && Instant::now() < due {
                        continue;
                    }
                    self.flush();
                }
                Ok(Message::Flush(answer)) => {
                    self.flush();
                    let _ = answer.send(());
                }
                Err(TryRecvError::Empty) if Instant::now() < due => {
                    // Looking now and then instead of waiting for the channel: to wake a waiting thread would cost
                    // the training thread microseconds at every call.
                    std::thread::park_timeout(LOOK.min(due - Instant::now()));
                    continue;
                }
                Err(TryRecvError::Empty) => self.flush(),
                Err(TryRecvError::Disconnected) => {
                    self.retry_at = Instant::now(); // the last chance to get records from aside into the store
                    return self.flush();
                }
            }
            (due, points) = (Instant::now() + self.pace.flush, 0);
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

    fn reopen(&mut self) {
        self.retry_at = Instant::now() + self.pace.retry;
        let opened = self.try_open();
        if let Ok(open) = opened {
            self.open = Some(open);
            self.spool = None;
            self.shared.tell(None);
        }
    }

    fn try_open(&self) -> Result<(Db, Session), StoreError> {
        // Short waits: records keep arriving meanwhile, and the spool takes them.
        let db = connect(&self.store, Access::Write, self.pace.busy.min(Duration::from_millis(250)))?;
        match spool::find(&self.run.dir) {
            Some(path) => spool::replay(&db, &path)?,
            None => drop(db.write("recording the run", async |conn| ensure(conn, &self.run).await)?),
        }
        let session = db.with("reading the run", async |conn| Session::load(conn, &self.run.uid).await)?;
        Ok((db, session))
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

async fn ensure(conn: &mut SqliteConnection, run: &NewRun) -> Result<(), sqlx::Error> {
    let known: Option<i64> = sqlx::query_scalar("SELECT id FROM run WHERE uid = ?")
        .bind(&run.uid)
        .fetch_optional(&mut *conn)
        .await?;
    match known {
        Some(_) => Ok(()),
        None => begin::insert(conn, run, &Host::here(), Status::Running).await.map(|_| ()),
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
