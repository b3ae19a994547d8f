//! Helpers of the store's tests.

use std::{path::Path, thread::sleep, time::Duration};

use clip_lab_store::{FlushPolicy, NewRun, Tick, new_uid};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};

pub fn new_run(name: &str) -> NewRun {
    NewRun { uid: new_uid(), name: name.into(), seed: 7, ..NewRun::default() }
}

pub fn at(step: u64) -> Tick {
    Tick { step, epoch: step as f64 / 10.0, samples: step * 4 }
}

/// Short timeouts, so that faults show soon.
pub fn fast_policy() -> FlushPolicy {
    let ms = Duration::from_millis;
    FlushPolicy { flush: ms(20), busy: ms(50), retry: ms(100), heartbeat: ms(50), ..FlushPolicy::default() }
}

/// Waits for a condition, a minute at most.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..2400 {
        if done() {
            return;
        }
        sleep(Duration::from_millis(25));
    }
    panic!("timed out waiting until {what}");
}

/// Another program with the file open.
pub struct OtherProgram {
    pub runtime: tokio::runtime::Runtime,
    pub conn: SqliteConnection,
}

impl OtherProgram {
    pub fn open(path: &Path) -> OtherProgram {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let conn = runtime.block_on(options.connect()).unwrap();
        OtherProgram { runtime, conn }
    }

    pub fn run(&mut self, sql: &'static str) {
        self.runtime.block_on(sqlx::query(sql).execute(&mut self.conn)).unwrap();
    }

    pub fn text(&mut self, sql: &'static str) -> String {
        self.runtime.block_on(sqlx::query_scalar(sql).fetch_one(&mut self.conn)).unwrap()
    }
}

/// Undoes the migrations after schema 4.
pub fn back_to_schema_4(store: &Path) {
    let mut other = OtherProgram::open(store);
    other.run("DROP INDEX run_listed");
    other.run("DROP INDEX config_of_key");
    other.run("DROP INDEX metric_of_name");
    other.run("DELETE FROM _sqlx_migrations WHERE version > 4");
}

/// The schema version, and how many of the indexes of schema 5 the store has.
pub fn schema(store: &Path) -> (String, String) {
    let mut other = OtherProgram::open(store);
    let indexes = "SELECT count(*) || '' FROM sqlite_schema
                   WHERE name IN ('run_listed', 'config_of_key', 'metric_of_name')";
    (other.text("SELECT max(version) || '' FROM _sqlx_migrations"), other.text(indexes))
}
