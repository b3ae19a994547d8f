//! One SQLite connection with a synchronous interface.

mod connect;
mod file_system;
mod host;
mod lock;
mod migration_files;
mod migrations;
mod wait;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sqlx::SqliteConnection;
use tokio::runtime::Runtime;

use crate::StoreError;

pub use connect::{Access, connect, migrate};
pub use file_system::network_name;
pub use host::{Host, process_ended, recorder_ended};
pub use lock::explain as explain_lock;
pub use migrations::supported_version;
pub use wait::{Observer, Wait};

/// A connection and the runtime that drives it.
pub struct Db {
    path: PathBuf,
    /// The folder of the store, absolute.
    dir: PathBuf,
    runtime: Runtime,
    conn: Mutex<SqliteConnection>,
    inode: Option<u64>,
    /// A warning for the user about how the file was opened.
    pub notice: Option<String>,
}

impl Db {
    /// Runs `work` on the connection; `doing` names the operation in an error.
    pub fn with<T>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let mut conn = self.lock();
        self.runtime.block_on(work(&mut conn)).map_err(|cause| store_error(&self.path, doing, cause))
    }

    /// Like [`Db::with`], in a transaction. `BEGIN IMMEDIATE`, because a transaction that reads first and then writes fails
    /// at once, ignoring the busy timeout, when another process wrote in between.
    pub fn write<T>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        self.with(doing, async |conn| immediate(conn, work).await)
    }

    /// Checks that the path still names the opened file: SQLite silently writes into a deleted one.
    pub fn ensure_not_replaced(&self) -> Result<(), StoreError> {
        match inode(&self.path) {
            Some(inode) if Some(inode) == self.inode => Ok(()),
            _ => Err(StoreError::Refused(format!("{} was deleted or replaced", self.path.display()))),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the file, absolute: it contains the folders of the runs.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn lock(&self) -> MutexGuard<'_, SqliteConnection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(path.metadata().ok()?.ino())
}

async fn immediate<T>(
    conn: &mut SqliteConnection,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    let done = match work(&mut *conn).await {
        Ok(value) => sqlx::query("COMMIT").execute(&mut *conn).await.map(|_| value),
        Err(error) => Err(error),
    };
    if done.is_err() {
        // After some failures, such as a full disk, SQLite has already rolled back, and this fails too: ignored.
        let _ = sqlx::query("ROLLBACK").execute(conn).await;
    }
    done
}

/// Converts a database error.
pub fn store_error(path: &Path, doing: &str, cause: sqlx::Error) -> StoreError {
    match is_busy(&cause) {
        true => StoreError::Locked { path: path.into() },
        false => StoreError::Database { path: path.into(), doing: doing.into(), cause },
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY is 5 and SQLITE_LOCKED 6; extended codes have it in the low byte.
    matches!(code(error), Some(5 | 6))
}

/// Whether a constraint failed: writing the same again would fail again.
pub fn is_constraint(error: &StoreError) -> bool {
    // SQLITE_CONSTRAINT is 19.
    matches!(error, StoreError::Database { cause, .. } if code(cause) == Some(19))
}

/// SQLite's primary error code; none for other errors.
fn code(error: &sqlx::Error) -> Option<i64> {
    Some(error.as_database_error()?.code()?.parse::<i64>().ok()? & 0xff)
}
