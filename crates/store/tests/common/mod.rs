//! What the tests of the store share.
#![allow(dead_code, missing_docs)]

use std::{path::Path, time::Duration};

use clip_lab_store::{NewRun, Pace, Tick, new_uid};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};

pub fn new_run(folder: &Path, name: &str) -> NewRun {
    let uid = new_uid();
    NewRun { dir: folder.join(&uid), uid, name: name.into(), seed: 7, ..NewRun::default() }
}

pub fn at(step: u64) -> Tick {
    Tick { step, epoch: step as f64 / 10.0, samples: step * 4 }
}

/// Short waits, so that faults show soon.
pub fn quick() -> Pace {
    let ms = Duration::from_millis;
    Pace { flush: ms(20), busy: ms(50), retry: ms(100), heartbeat: ms(50), ..Pace::default() }
}

/// A program that is not ours, with the file open.
pub struct Outsider {
    runtime: tokio::runtime::Runtime,
    conn: SqliteConnection,
}

impl Outsider {
    pub fn open(path: &Path) -> Outsider {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let conn = runtime.block_on(options.connect()).unwrap();
        Outsider { runtime, conn }
    }

    pub fn run(&mut self, sql: &'static str) {
        self.runtime.block_on(sqlx::query(sql).execute(&mut self.conn)).unwrap();
    }

    pub fn text(&mut self, sql: &'static str) -> String {
        self.runtime.block_on(sqlx::query_scalar(sql).fetch_one(&mut self.conn)).unwrap()
    }
}
