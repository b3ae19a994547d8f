//! A read-only health check of a store.

use std::{path::Path, time::Duration};

use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use crate::{
    StoreError,
    db::{Access, connect, explain_lock, network_name, store_error, supported_version},
};

/// How long to wait for another program's lock.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// Properties of a store that can be read and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The version of its schema.
    pub version: i64,
    /// The newest version this build supports.
    pub known: i64,
    /// SQLite's journal mode, such as `wal`.
    pub journal: String,
    /// Size of the file.
    pub bytes: u64,
    /// Number of runs.
    pub runs: i64,
    /// The network file system it is on, if any.
    pub network: Option<&'static str>,
}

/// Opens the store read-only, then takes and releases the write lock. Nothing is written.
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::Locked`], or any other error of opening it.
pub fn health(path: &Path) -> Result<Health, StoreError> {
    let db = connect(path, Access::Read, LOCK_TIMEOUT)?;
    let (version, journal, runs) = db.with("reading the store", async |conn| {
        let version = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
        let version: i64 = sqlx::query_scalar(version).fetch_one(&mut *conn).await?;
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *conn).await?;
        let runs: i64 = sqlx::query_scalar("SELECT count(*) FROM run").fetch_one(conn).await?;
        Ok((version, journal, runs))
    })?;
    ensure_writable(path)?;
    let bytes = path.metadata().map_or(0, |about| about.len());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Health { version, known: supported_version(), journal, bytes, runs, network: network_name(folder) })
}

fn ensure_writable(path: &Path) -> Result<(), StoreError> {
    let doing = "taking the write lock";
    let file = |cause| StoreError::File { path: path.into(), doing, cause };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(file)?;
    let options =
        SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(LOCK_TIMEOUT);
    let locked = runtime.block_on(async {
        let mut conn = options.connect().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await?;
        sqlx::query("ROLLBACK").execute(&mut conn).await
    });
    locked.map(drop).map_err(|cause| explain_lock(path, store_error(path, doing, cause)))
}
