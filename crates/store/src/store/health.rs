//! How a store is, without changing it.

use std::{path::Path, time::Duration};

use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use crate::{
    StoreError,
    db::{Access, connect, explain, known_version, network_name},
};

/// How long another program's lock is waited for.
const BRIEF: Duration = Duration::from_millis(500);

/// What is known of a store that can be read and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The version of its schema.
    pub version: i64,
    /// The newest version that this build knows.
    pub known: i64,
    /// How SQLite keeps what is not yet in the file, such as `wal`.
    pub journal: String,
    /// Size of the file.
    pub bytes: u64,
    /// How many runs it holds.
    pub runs: i64,
    /// The network file system that it lies on, if it lies on one.
    pub network: Option<&'static str>,
}

/// Opens the store as a reader does, and takes its lock for a moment as a writer does. Nothing is written.
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::Locked`], and whatever else keeps it from being read or written.
pub fn health(path: &Path) -> Result<Health, StoreError> {
    let db = connect(path, Access::Read, BRIEF)?;
    let (version, journal, runs) = db.with("looking at the store", async |conn| {
        let version = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
        let version: i64 = sqlx::query_scalar(version).fetch_one(&mut *conn).await?;
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *conn).await?;
        let runs: i64 = sqlx::query_scalar("SELECT count(*) FROM run").fetch_one(conn).await?;
        Ok((version, journal, runs))
    })?;
    can_be_written(path)?;
    let bytes = path.metadata().map_or(0, |about| about.len());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Health { version, known: known_version(), journal, bytes, runs, network: network_name(folder) })
}

fn can_be_written(path: &Path) -> Result<(), StoreError> {
    let doing = "taking the lock of a writer";
    let file = |cause| StoreError::File { path: path.into(), doing, cause };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(file)?;
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BRIEF);
    let locked = runtime.block_on(async {
        let mut conn = options.connect().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await?;
        sqlx::query("ROLLBACK").execute(&mut conn).await
    });
    locked.map(drop).map_err(|cause| explain(path, doing, cause))
}
