//! The baseline: a table of (run, key, step, value) and one transaction per log call, as in trackers with a relational
//! store.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use clip_lab_store::StoreError;
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};

use super::NAMES;

/// How long it writes.
const DURATION: Duration = Duration::from_secs(2);

/// Prints its throughput.
pub fn run(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join("baseline.db");
    let failed =
        |cause| StoreError::Database { path: path.clone(), doing: "writing the baseline".into(), cause };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime =
        runtime.map_err(|cause| StoreError::File { path: path.clone(), doing: "starting", cause })?;
    let (calls, longest) = runtime.block_on(write(&path)).map_err(failed)?;
    let points = calls * NAMES.len();
    let bytes = path.metadata().map(|m| m.len()).unwrap_or(0);
    println!(
        "baseline, a row per value and a transaction per call: {:.0} points/s, {:.0} bytes per point, {:.0?} per \
         call, at most {longest:.1?}",
        points as f64 / DURATION.as_secs_f64(),
        bytes as f64 / points as f64,
        DURATION / calls as u32,
    );
    Ok(())
}

async fn write(path: &Path) -> Result<(usize, Duration), sqlx::Error> {
    let mut conn = SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await?;
    let table = "CREATE TABLE metrics (run TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL, time INTEGER NOT NULL,
                 value REAL NOT NULL, PRIMARY KEY (run, key, step))";
    sqlx::query(table).execute(&mut conn).await?;
    let (begin, mut calls, mut longest) = (Instant::now(), 0, Duration::ZERO);
    while begin.elapsed() < DURATION {
        let call = Instant::now();
        log(&mut conn, calls as i64).await?;
        longest = longest.max(call.elapsed());
        calls += 1;
    }
    Ok((calls, longest))
}

async fn log(conn: &mut SqliteConnection, step: i64) -> Result<(), sqlx::Error> {
    sqlx::query("BEGIN").execute(&mut *conn).await?;
    for name in NAMES {
        let query = sqlx::query("INSERT INTO metrics VALUES ('0123456789abcdef', ?, ?, 1700000000000, ?)");
        query.bind(name).bind(step).bind((step as f64 * 0.01).sin()).execute(&mut *conn).await?;
    }
    sqlx::query("COMMIT").execute(conn).await.map(drop)
}
