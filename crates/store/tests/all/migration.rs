//! A migration that takes long is reported, and other processes wait for it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    thread::{JoinHandle, spawn},
};

use crate::common::{OtherProgram, back_to_schema_4, fast_policy, new_run, schema, until};
use clip_lab_store::{Recorder, Status, Store, StoreError, health, migrate};

/// A store of schema 4 with a run, in a folder.
fn old_store(folder: &Path) -> PathBuf {
    let store = folder.join("s.db");
    Recorder::start(&store, new_run("a")).unwrap().finish(Status::Finished, None);
    back_to_schema_4(&store);
    store
}

/// A migration in a thread.
struct Migration {
    thread: JoinHandle<Result<(), StoreError>>,
    reports: Arc<Mutex<Vec<String>>>,
}

impl Migration {
    fn start(store: &Path) -> Migration {
        let (store, reports) = (store.to_owned(), Arc::new(Mutex::new(Vec::new())));
        let all = reports.clone();
        let thread = spawn(move || migrate(&store, &|wait| all.lock().unwrap().push(wait.to_string())));
        Migration { thread, reports }
    }

    fn reports(&self) -> MutexGuard<'_, Vec<String>> {
        self.reports.lock().unwrap()
    }

    /// Its result and its reports.
    fn end(self) -> (Result<(), StoreError>, Vec<String>) {
        let done = self.thread.join().unwrap();
        let reports = self.reports.lock().unwrap().clone();
        (done, reports)
    }
}

/// Another program that makes a migration take long, until it commits.
fn slow_down(store: &Path) -> OtherProgram {
    let mut other = OtherProgram::open(store);
    other.run("BEGIN IMMEDIATE");
    other
}

fn lock_file(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("s.lock")).unwrap_or_default()
}

#[test]
fn a_short_migration_is_not_reported() {
    let folder = tempfile::tempdir().unwrap();
    let store = old_store(folder.path());
    let missing = folder.path().join("none.db");
    for store in [&store, &store, &missing] {
        let (done, reports) = Migration::start(store).end();
        assert!(done.is_ok() && reports.is_empty(), "{done:?} {reports:?}");
    }
    assert_eq!(schema(&store), ("5".into(), "3".into()));
    assert!(!missing.exists(), "a store is created when it is opened");
}

#[test]
fn a_long_migration_is_reported_and_others_wait_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = old_store(folder.path());
    let mut other = slow_down(&store);
    let first = Migration::start(&store);
    let process = format!("process {} on ", std::process::id());
    until("the process names itself", || lock_file(folder.path()).starts_with(&process));
    let process = lock_file(folder.path());
    let second = Migration::start(&store);
    for refused in [
        Recorder::start_with(&store, new_run("b"), fast_policy()).err().unwrap(),
        health(&store).unwrap_err(),
    ] {
        let expected = format!("is being updated to another schema by {process}: wait");
        assert!(refused.to_string().contains(&expected), "{refused}");
    }
    until("both are reported", || first.reports().len() == 1 && second.reports().len() == 1);
    other.run("COMMIT");
    let updating = format!("updating {} to schema 5 (1 run): ", store.display());
    let waiting = format!("waiting for {process}, which is updating {}: ", store.display());
    for (migration, what) in [(first, updating), (second, waiting)] {
        let (done, reports) = migration.end();
        assert!(done.is_ok() && reports.len() == 2, "{done:?} {reports:?}");
        assert_eq!(reports[0], format!("{what}..."));
        assert!(reports[1].starts_with(&format!("{what}done in ")), "{reports:?}");
    }
    assert_eq!(schema(&store), ("5".into(), "3".into()));
    assert_eq!(lock_file(folder.path()), "");
}

#[test]
fn a_migration_that_fails_ends_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let store = old_store(folder.path());
    let mut other = slow_down(&store);
    other.run("CREATE TABLE run_listed (a)"); // the name of an index of the migration
    let migration = Migration::start(&store);
    until("the migration is reported", || migration.reports().len() == 1);
    other.run("COMMIT");
    let (failed, reports) = migration.end();
    let failed = failed.unwrap_err().to_string();
    assert!(failed.contains("migrating the schema failed") && failed.contains("run_listed"), "{failed}");
    assert!(reports.len() == 2 && reports[1].contains("(1 run): failed after "), "{reports:?}");
}

#[test]
fn the_name_of_a_killed_process_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let store = old_store(folder.path());
    std::fs::write(folder.path().join("s.lock"), "process 1 on tower").unwrap();
    drop(Store::open(&store).unwrap());
    assert_eq!(lock_file(folder.path()), "");
}
