//! The migrations of the schema.

use std::pin::pin;

use clip_lab_escape::thousands;
use sqlx::migrate::MigrateError;

use super::{
    Db,
    lock::StoreLock,
    migration_files::MIGRATIONS,
    wait::{Observer, QUIET, WaitReport},
};
use crate::StoreError;

/// The newest schema version of this build.
pub fn supported_version() -> i64 {
    MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0)
}

/// Migrates the store `db`, whose schema is the version `found`; 0 for a new file.
pub fn run(db: &Db, lock: &StoreLock, found: i64, observer: Option<Observer>) -> Result<(), StoreError> {
    let runs = if found > 0 && observer.is_some() { run_count(db)? } else { 0 };
    let what = || {
        let (path, plural) = (db.path().display(), if runs == 1 { "run" } else { "runs" });
        format!(
            "updating {path} to schema {} ({} {plural})",
            supported_version(),
            thousands(runs.unsigned_abs())
        )
    };
    lock.describe();
    db.with("migrating the schema", async |conn| {
        let mut report = WaitReport::new(observer);
        let mut migrating = pin!(MIGRATIONS.run_direct(None, conn, false));
        let done = match tokio::time::timeout(QUIET, migrating.as_mut()).await {
            Ok(done) => done,
            Err(_) => {
                report.poll(what);
                migrating.await
            }
        };
        report.end(done.is_ok());
        done.map_err(database_error)
    })
}

fn run_count(db: &Db) -> Result<i64, StoreError> {
    db.with("counting the runs", async |conn| {
        sqlx::query_scalar("SELECT count(*) FROM run").fetch_one(conn).await
    })
}

/// The error of SQLite in that of a migration, so that a lock is seen as one.
fn database_error(error: MigrateError) -> sqlx::Error {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
        other => sqlx::Error::Migrate(Box::new(other)),
    }
}
