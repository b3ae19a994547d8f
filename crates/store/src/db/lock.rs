//! The lock file of a store. Processes that start at the same time create and migrate the store one after the other; the one
//! that migrates says so in the file.

use std::{
    fs::{File, TryLockError},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clip_lab_files::open_no_follow;

use super::{
    Host,
    wait::{Observer, WaitReport},
};
use crate::StoreError;

/// Time between two tries.
const RETRY: Duration = Duration::from_millis(5);
/// A longer description of a process is not one of ours.
const LONGEST: usize = 400;

/// The lock, held until it is dropped or the process ends, even by a kill.
pub struct StoreLock(File);

impl StoreLock {
    /// Takes the lock, or fails after `busy`; with an observer it waits, and reports, as long as another process migrates
    /// the store. On a file system without locks SQLite's own locks suffice, except while a new file is created.
    pub fn take(store: &Path, busy: Duration, observer: Option<Observer>) -> Result<StoreLock, StoreError> {
        let path = path(store);
        // Not truncated: it may have the description of the process that holds the lock.
        let file = open_no_follow(&path).map_err(|cause| StoreError::File {
            path: path.clone(),
            doing: "opening the lock file of the store",
            cause,
        })?;
        let mut until = Instant::now() + busy;
        let mut report = WaitReport::new(observer);
        while let Err(TryLockError::WouldBlock) = file.try_lock() {
            match (description(&file), observer) {
                (Some(process), Some(_)) => {
                    until = Instant::now() + busy;
                    report.poll(|| format!("waiting for {process}, which is updating {}", store.display()));
                }
                (process, _) if Instant::now() > until => return Err(locked(store, &path, process)),
                _ => {}
            }
            std::thread::sleep(RETRY);
        }
        report.end(true);
        // A process that was killed leaves its description.
        let _ = file.set_len(0);
        Ok(StoreLock(file))
    }

    /// Says to other processes that this one migrates the store, until the lock is dropped.
    pub fn describe(&self) {
        let Host { host, pid, .. } = Host::here();
        // Without it they only know that the store is locked.
        let _ = self.0.write_all_at(format!("process {pid} on {host}").as_bytes(), 0);
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        let _ = self.0.set_len(0);
    }
}

/// The error of a store that is locked: says so if another process migrates it.
pub fn explain(store: &Path, error: StoreError) -> StoreError {
    let StoreError::Locked { path: locked_file } = &error else { return error };
    let Ok(file) = File::open(path(store)) else { return error };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => locked(store, locked_file, description(&file)),
        _ => error,
    }
}

fn locked(store: &Path, path: &Path, process: Option<String>) -> StoreError {
    match process {
        Some(process) => StoreError::Updating { path: store.into(), process },
        None => StoreError::Locked { path: path.into() },
    }
}

/// The process that migrates the store, if the lock is held.
fn description(file: &File) -> Option<String> {
    let mut bytes = [0; LONGEST];
    let len = file.read_at(&mut bytes, 0).ok()?;
    let text = std::str::from_utf8(&bytes[..len]).ok()?;
    Some(text.to_owned()).filter(|text| !text.is_empty() && text.len() < LONGEST)
}

fn path(store: &Path) -> PathBuf {
    store.with_extension("lock")
}
