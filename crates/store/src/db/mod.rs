//! One SQLite connection behind a synchronous face.

mod connect;
mod file_system;
mod host;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sqlx::SqliteConnection;
use tokio::runtime::Runtime;

use crate::StoreError;

pub use connect::{Access, connect, known_version};
pub use file_system::network_name;
pub use host::{Host, process_gone, recorder_ended};

/// A connection and the private runtime that drives it.
pub struct Db {
    path: PathBuf,
    /// The folder of the store, absolute.
    beside: PathBuf,
    runtime: Runtime,
    conn: Mutex<SqliteConnection>,
    inode: Option<u64>,
    /// What a person should know about how the file was opened.
    pub notice: Option<String>,
}

impl Db {
    /// Runs `work` on the connection and says `doing` if it fails.
    pub fn with<T>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let mut conn = self.lock();
        self.runtime.block_on(work(&mut conn)).map_err(|cause| explain(&self.path, doing, cause))
    }

    /// Like [`Db::with`] inside `BEGIN IMMEDIATE`: all of it happens or nothing. Immediate, because a transaction that
    /// reads first and then writes fails at once, without the busy time-out, when another writer came between.
    pub fn write<T>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        self.with(doing, async |conn| immediate(conn, work).await)
    }

    /// Whether the path still leads to the opened file: SQLite goes on writing into a deleted one without a word.
    pub fn still_there(&self) -> Result<(), StoreError> {
        match inode(&self.path) {
            Some(inode) if Some(inode) == self.inode => Ok(()),
            _ => Err(StoreError::Refused(format!("{} was deleted or replaced", self.path.display()))),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the file, absolute: the folders of its runs lie there.
    pub fn beside(&self) -> &Path {
        &self.beside
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
        // After some failures, a full disk among them, SQLite has already rolled back and this fails too: as wanted.
        let _ = sqlx::query("ROLLBACK").execute(conn).await;
    }
    done
}

/// Turns a database error into a sentence.
pub fn explain(path: &Path, doing: &str, cause: sqlx::Error) -> StoreError {
    match is_busy(&cause) {
        true => StoreError::Locked { path: path.into() },
        false => StoreError::Database { path: path.into(), doing: doing.into(), cause },
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY is 5 and SQLITE_LOCKED 6; extended codes keep that number in the low byte.
    matches!(code(error), Some(5 | 6))
}

/// Whether the store refused what was to be written: the same would be refused again.
pub fn is_constraint(error: &StoreError) -> bool {
    // SQLITE_CONSTRAINT is 19.
    matches!(error, StoreError::Database { cause, .. } if code(cause) == Some(19))
}

/// SQLite's number of an error; none for other errors.
fn code(error: &sqlx::Error) -> Option<i64> {
    Some(error.as_database_error()?.code()?.parse::<i64>().ok()? & 0xff)
}
