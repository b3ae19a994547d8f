//! Opening the file: pragmas, application id, schema version.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use sqlx::{
    ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    Db, code,
    file_system::network_name,
    lock::{self, StoreLock},
    migrations::{self, supported_version},
    store_error,
    wait::Observer,
};
use crate::{StoreError, folder::store_dir};

const APPLICATION_ID: i64 = 0x434C_4C42;

/// Access mode of a connection.
#[derive(Clone, Copy, PartialEq)]
pub enum Access {
    /// Create, migrate and write.
    Write,
    /// Read only.
    Read,
}

/// The oldest schema readers support: tables of later migrations read as empty.
const OLDEST_READ: i64 = 1;

/// How long a migration waits for another program's lock.
const MIGRATION_BUSY: Duration = Duration::from_secs(10);

/// Opens `path`. `busy` is how long a statement waits for another program's lock.
pub fn connect(path: &Path, access: Access, busy: Duration) -> Result<Db, StoreError> {
    ensure_file(path)?;
    match access {
        Access::Read if !path.exists() => Err(StoreError::Missing(path.into())),
        Access::Read => open_read_only(path, busy),
        Access::Write => open_or_create(path, busy, None),
    }
}

/// Migrates an existing store to the newest schema, each step in a transaction: when the process is killed, the store is as
/// before it. Opening the store to write does the same without a report, and fails if another process takes long to migrate it.
///
/// `observer` is called for what takes longer than a second: the migration, or the wait for that of another process.
///
/// # Errors
/// If the store cannot be opened to write.
pub fn migrate(path: &Path, observer: Observer) -> Result<(), StoreError> {
    ensure_file(path)?;
    if path.exists() {
        open_or_create(path, MIGRATION_BUSY, Some(observer))?;
    }
    Ok(())
}

/// SQLite treats some names specially, and opening a pipe blocks forever.
fn ensure_file(path: &Path) -> Result<(), StoreError> {
    let name = path.to_string_lossy();
    let why = match path.metadata() {
        _ if name.starts_with("file:") || name == ":memory:" => "SQLite does not treat it as a file name",
        Ok(found) if found.is_dir() => "it is a folder",
        Ok(found) if !found.is_file() => "it is a pipe or a device",
        _ => return Ok(()),
    };
    Err(StoreError::Refused(format!(
        "{name} cannot be a store: {why}; pass a file, such as runs/clip-lab.db"
    )))
}

fn open_read_only(path: &Path, busy: Duration) -> Result<Db, StoreError> {
    let options = || base_options(path, busy).read_only(true).pragma("query_only", "1");
    let open = |options| {
        let db = open_connection(path, options, None)?;
        check_schema(&db).map(|version| (db, version))
    };
    let (db, found) = open(options()).or_else(|error| match can_open_as_immutable(path, &error)? {
        true => open(options().immutable(true)),
        false => Err(lock::explain(path, error)),
    })?;
    match found {
        0 => Err(StoreError::Unfinished(path.into())),
        found if found < OLDEST_READ => {
            Err(StoreError::Older { path: path.into(), found, supported: supported_version() })
        }
        _ => Ok(db),
    }
}

/// Whether a store that SQLite cannot open can be opened as immutable: on a read-only file system SQLite cannot create the
/// shared memory of its readers.
fn can_open_as_immutable(path: &Path, error: &StoreError) -> Result<bool, StoreError> {
    // SQLITE_READONLY is 8 and SQLITE_CANTOPEN 14.
    let StoreError::Database { cause, .. } = error else { return Ok(false) };
    if !matches!(code(cause), Some(8 | 14)) {
        return Ok(false);
    }
    let wal = PathBuf::from(format!("{}-wal", path.display()));
    if wal.metadata().is_ok_and(|found| found.len() > 0) {
        return Err(StoreError::Refused(format!(
            "{} cannot be read on a read-only file system: its latest records are in {}; copy both files to a writable \
             folder",
            path.display(),
            wal.display()
        )));
    }
    Ok(true)
}

fn open_or_create(path: &Path, busy: Duration, observer: Option<Observer>) -> Result<Db, StoreError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(file_error(folder, "creating the folder of the store"))?;
    let lock = StoreLock::take(path, busy, observer)?;
    if path.metadata().is_ok_and(|m| m.len() > 0) {
        // Checked before anything is written: setting the journal mode would already modify a foreign file.
        check_schema(&open_connection(path, base_options(path, busy).pragma("query_only", "1"), None)?)?;
    }
    let network = network_name(folder);
    let notice = network.map(|name| {
        format!(
            "{} is on a network file system ({name}): SQLite's WAL is off there, so writes are slower",
            path.display()
        )
    });
    let db = open_connection(path, write_options(path, busy, network.is_some()), notice)?;
    let found = check_schema(&db)?;
    if found < supported_version() {
        migrations::run(&db, &lock, found, observer)?;
    }
    Ok(db)
}

fn file_error<'a>(path: &'a Path, doing: &'static str) -> impl Fn(std::io::Error) -> StoreError + 'a {
    move |cause| StoreError::File { path: path.into(), doing, cause }
}

fn base_options(path: &Path, busy: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(busy)
        .pragma("temp_store", "MEMORY")
        // Defaults and checks defined in an untrusted file cannot call functions with side effects.
        .pragma("trusted_schema", "OFF")
        .pragma("cache_size", "-65536")
        .row_buffer_size(1024)
}

fn write_options(path: &Path, busy: Duration, network: bool) -> SqliteConnectOptions {
    // WAL needs memory shared between processes, which a network file system does not provide.
    let (journal, synchronous) = match network {
        true => (SqliteJournalMode::Truncate, SqliteSynchronous::Full),
        false => (SqliteJournalMode::Wal, SqliteSynchronous::Normal),
    };
    let options =
        base_options(path, busy).create_if_missing(true).journal_mode(journal).synchronous(synchronous);
    options.pragma("journal_size_limit", "67108864")
}

fn open_connection(
    path: &Path,
    options: SqliteConnectOptions,
    notice: Option<String>,
) -> Result<Db, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(file_error(path, "starting the database thread"))?;
    let conn = runtime.block_on(options.connect()).map_err(|e| open_error(path, "opening the store", e))?;
    let (dir, inode) = (store_dir(path)?, super::inode(path));
    Ok(Db { path: path.into(), dir, runtime, conn: Mutex::new(conn), inode, notice })
}

/// SQLite detects that a file is not a database only when it reads it.
fn open_error(path: &Path, doing: &str, error: sqlx::Error) -> StoreError {
    match error.as_database_error().and_then(|e| e.code()).as_deref() {
        Some("26") => StoreError::Foreign { path: path.into(), why: "it is not a SQLite database".into() },
        _ => store_error(path, doing, error),
    }
}

/// Rejects a file of another application or a newer version; returns the schema version, 0 when new.
fn check_schema(db: &Db) -> Result<i64, StoreError> {
    let (id, tables, triggers, version) =
        db.with("reading the schema version", read_schema_info).map_err(|error| match error {
            StoreError::Database { path, doing, cause } => open_error(&path, &doing, cause),
            other => other,
        })?;
    let path = db.path().to_path_buf();
    let why = format!("its application id is {id:#x} and it has {tables} tables");
    if triggers > 0 {
        let why = format!("it has {triggers} triggers or views, and clip-lab creates none");
        return Err(StoreError::Foreign { path, why });
    }
    match (id, tables) {
        (APPLICATION_ID, _) if version > supported_version() => {
            Err(StoreError::Newer { path, found: version, supported: supported_version() })
        }
        (APPLICATION_ID, _) | (0, 0) => Ok(version),
        _ => Err(StoreError::Foreign { path, why }),
    }
}

/// The application id, the number of tables, the number of triggers and views, and the schema version.
async fn read_schema_info(conn: &mut SqliteConnection) -> Result<(i64, i64, i64, i64), sqlx::Error> {
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *conn).await?;
    // An interrupted first migration leaves only sqlx's own table in the file.
    let tables =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    let tables: i64 = sqlx::query_scalar(tables).fetch_one(&mut *conn).await?;
    let triggers = "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')";
    let triggers: i64 = sqlx::query_scalar(triggers).fetch_one(&mut *conn).await?;
    let migrated = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    if sqlx::query_scalar::<_, i64>(migrated).fetch_one(&mut *conn).await? == 0 {
        return Ok((id, tables, triggers, 0));
    }
    let version = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
    Ok((id, tables, triggers, sqlx::query_scalar(version).fetch_one(conn).await?))
}
