//! This process as a member of its group, and what it knows of the others.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc::channel,
    },
    thread,
    time::{Duration, Instant},
};

use tch::Tensor;

use super::{
    error::{Cause, GroupError},
    ffi::Fault,
    store::Store,
    watch::Watch,
};

/// How long a failed rank watches for heartbeats; they are sent four times as often.
const WATCH: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);
/// The key of the first failure, with its message.
const FAILED: &str = "failed";
/// The key of the same message, once the rank that failed knows who is missing.
const FINDING: &str = "finding";

/// This process as a member of its group.
#[derive(Debug)]
pub struct Member {
    pub store: Store,
    pub rank: usize,
    pub size: usize,
    pub timeout: Duration,
    /// The operations begun so far: the same numbers on every rank.
    pub begun: AtomicU64,
    /// The bytes given to them, by name.
    pub bytes_given: Mutex<BTreeMap<&'static str, u64>>,
    /// The time that operations were waited for, in nanoseconds.
    pub waited: AtomicU64,
    /// Whether an operation has failed.
    pub failed: AtomicBool,
    report: Mutex<Option<String>>,
    watch: Watch,
}

impl Member {
    pub fn new(store: Store, rank: usize, size: usize, timeout: Duration) -> Self {
        let (begun, bytes_given, waited, failed, report) = Default::default();
        let watch = Watch::new(rank, size);
        Self { store, rank, size, timeout, begun, bytes_given, waited, failed, report, watch }
    }

    /// Counts the bytes of an operation.
    pub fn count(&self, operation: &'static str, tensor: Option<&Tensor>) {
        let bytes = tensor.map_or(0, |tensor| tensor.numel() * tensor.kind().elt_size_in_bytes());
        if let Ok(mut given) = self.bytes_given.lock() {
            *given.entry(operation).or_default() += bytes as u64;
        }
    }

    /// The failure that another rank has reported.
    pub fn report(&self) -> Option<String> {
        self.report.lock().ok()?.clone()
    }

    /// Whether a rank sends no heartbeats for a moment longer than the timeout, which operations notice by themselves.
    pub fn is_alone(&self) -> bool {
        self.watch.is_silent(self.timeout + WATCH)
    }

    fn note(&self, report: String) {
        if let Ok(mut slot) = self.report.lock() {
            slot.get_or_insert(report);
        }
    }

    /// The error of operation `number`, which began at `started`. Reports it to the other ranks and finds out which of them
    /// are missing, or returns the error of the rank that did so first.
    pub fn error(
        self: &Arc<Self>,
        operation: &str,
        number: u64,
        started: Instant,
        cause: Cause,
    ) -> GroupError {
        let (waited, operation) = (started.elapsed(), operation.to_owned());
        self.failed.store(true, Relaxed);
        let (rank, size, silent, behind) = (self.rank, self.size, Box::default(), Box::default());
        let error = GroupError { rank, size, operation, waited, cause, silent, behind };
        // In a thread of its own, since a stopped server of the store never answers.
        let (sender, receiver) = channel();
        let (member, found) = (self.clone(), error.clone());
        thread::spawn(move || sender.send(member.find(found, number)));
        let found = receiver.recv_timeout(2 * WATCH).ok().and_then(Result::ok);
        found.unwrap_or_else(|| self.without_store(error))
    }

    /// The error with what the store says of the other ranks.
    fn find(&self, mut error: GroupError, number: u64) -> Result<GroupError, Fault> {
        match self.fail(&error.to_string())? {
            Some(report) => {
                error.cause = Cause::Reported(self.await_finding().unwrap_or(report));
            }
            None => {
                let (silent, behind) = self.missing(number)?;
                (error.silent, error.behind) = (silent.into(), behind.into());
                self.store.set(FINDING, error.to_string().as_bytes())?;
            }
        }
        Ok(error)
    }

    /// The first failure, once its rank knows who is missing. By waiting here, rank 0 keeps the store for that rank. Asks
    /// again and again: the heartbeat needs the store meanwhile, which serves one request at a time.
    fn await_finding(&self) -> Option<String> {
        let deadline = Instant::now() + WATCH + WATCH / 2;
        while Instant::now() < deadline {
            if self.store.has(FINDING).ok()? {
                return self.text(FINDING, WATCH).ok();
            }
            thread::sleep(POLL);
        }
        None
    }

    /// The error if the store does not answer: the rank that serves it is missing, rank 0 unless a launcher does.
    fn without_store(&self, mut error: GroupError) -> GroupError {
        if self.rank > 0 && !matches!(error.cause, Cause::Reported(_)) {
            error.silent = [0].into();
        }
        error
    }

    /// Reports a failure to the other ranks, unless one has reported before: then its message.
    fn fail(&self, message: &str) -> Result<Option<String>, Fault> {
        let report = self.first_report()?;
        if report.is_none() {
            self.store.set(FAILED, message.as_bytes())?;
        }
        Ok(report)
    }

    /// Reports a failure of this rank alone.
    pub fn abort(&self, message: &str) -> Result<(), Fault> {
        self.store.set(FINDING, message.as_bytes())?;
        self.fail(message).map(drop)
    }

    fn text(&self, key: &str, timeout: Duration) -> Result<String, Fault> {
        self.store.get(key, timeout).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn first_report(&self) -> Result<Option<String>, Fault> {
        if self.store.has(FAILED)? { self.text(FAILED, WATCH).map(Some) } else { Ok(None) }
    }

    /// The ranks without a heartbeat, and those that have not begun operation `number`.
    fn missing(&self, number: u64) -> Result<(Vec<usize>, Vec<usize>), Fault> {
        let others: Vec<usize> = (0..self.size).filter(|rank| *rank != self.rank).collect();
        let heartbeats = || others.iter().map(|rank| self.heartbeat(*rank)).collect::<Result<Vec<_>, _>>();
        let before = heartbeats()?;
        thread::sleep(WATCH);
        let (mut silent, mut behind) = (Vec::new(), Vec::new());
        for ((rank, before), after) in others.iter().zip(before).zip(heartbeats()?) {
            if before.0 == after.0 {
                silent.push(*rank);
            } else if after.1 <= number {
                behind.push(*rank);
            }
        }
        Ok((silent, behind))
    }

    /// The number of heartbeats that a rank has sent, and of the operations that it has begun.
    fn heartbeat(&self, rank: usize) -> Result<(u64, u64), Fault> {
        let key = heartbeat_key(rank);
        if !self.store.has(&key)? {
            return Ok((0, 0));
        }
        let text = self.text(&key, WATCH)?;
        let mut numbers = text.split(' ').filter_map(|number| number.parse().ok());
        numbers.next().zip(numbers.next()).ok_or_else(|| format!("{key} is {text}"))
    }

    /// Sends heartbeat `number`, and checks those of others and whether one has failed.
    pub fn send_heartbeat(&self, number: u64) -> Result<(), Fault> {
        let heartbeat = format!("{number} {}", self.begun.load(Relaxed));
        self.store.set(&heartbeat_key(self.rank), heartbeat.as_bytes())?;
        for rank in self.watch.ranks() {
            self.watch.note(rank, self.heartbeat(rank)?.0);
        }
        if self.report().is_none()
            && let Some(report) = self.first_report()?
        {
            self.note(report);
        }
        Ok(())
    }

    /// Takes the end of the store as a failure of the rank that serves it.
    pub fn lose_store(&self, fault: &str) {
        self.note(format!("the store of rank 0 has ended ({fault})"));
    }
}

fn heartbeat_key(rank: usize) -> String {
    format!("heartbeat/{rank}")
}
