//! Replays a spool into the store.

use std::{
    fs::{self, File},
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use sqlx::SqliteConnection;

use super::{Header, find, read_header, read_line, rename_unreadable};
use crate::{
    Level, Status, StoreError,
    db::{Db, Host, is_constraint, process_ended},
    folder::{FolderLock, is_uid},
    recorder::{record::Record, records, run_row, session::Session},
};

/// Records per batch.
const BATCH: usize = 4096;

/// Replays the spools of dead processes next to the store. Returns the spools that failed.
pub fn recover(db: &Db) -> Result<Vec<StoreError>, StoreError> {
    let entries = fs::read_dir(db.dir()).into_iter().flatten().flatten();
    let folders =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(is_uid)).map(|entry| entry.path());
    let mut spools: Vec<PathBuf> = folders.filter_map(|folder| find(&folder)).collect();
    spools.sort();
    let here = Host::here();
    let is_orphaned = |path: &Path| match read_header(path) {
        Some(header) => process_ended(&header.process, &here) == Some(true),
        None => path.parent().is_some_and(|folder| FolderLock::take(folder).is_ok()),
    };
    let replayed = spools.iter().filter(|path| is_orphaned(path)).map(|path| (path, replay(db, path)));
    Ok(replayed.filter_map(|(path, done)| done.map_or_else(Some, |done| done.fault(path))).collect())
}

/// The result of a replay.
pub enum Replayed {
    /// Its records are in the store.
    Added,
    /// It was unreadable, and was renamed to this path.
    Unreadable(PathBuf),
}

impl Replayed {
    /// The message for an unreadable spool.
    pub fn text(&self) -> Option<String> {
        let Replayed::Unreadable(renamed) = self else { return None };
        Some(format!(
            "spooled records are unreadable and not in the store; the file is kept as {}",
            renamed.display()
        ))
    }

    fn fault(&self, path: &Path) -> Option<StoreError> {
        let text = self.text()?;
        Some(StoreError::Refused(format!("{}: {text}", path.display())))
    }
}

/// Writes a spool into the store and removes it. Renames one whose header is unreadable or names another run than its
/// folder.
pub fn replay(db: &Db, path: &Path) -> Result<Replayed, StoreError> {
    let at = |doing| move |cause| StoreError::File { path: path.into(), doing, cause };
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let Some(header) = read_header(path).filter(|header| header.run.uid == folder) else {
        let renamed = rename_unreadable(path).map_err(at("renaming an unreadable spool"))?;
        return Ok(Replayed::Unreadable(renamed));
    };
    let mut rows = Rows::open(path).map_err(at("reading the spool"))?;
    let added = db.write("replaying the spool", async |conn| apply(conn, &header, &mut rows).await);
    match added {
        // The store can never accept them.
        Err(error) if is_constraint(&error) => {
            return rename_unreadable(path)
                .map(Replayed::Unreadable)
                .map_err(at("renaming an unreadable spool"));
        }
        other => other?,
    }
    fs::remove_file(path).map_err(at("removing the spool"))?;
    Ok(Replayed::Added)
}

async fn apply(conn: &mut SqliteConnection, header: &Header, rows: &mut Rows) -> Result<(), sqlx::Error> {
    let uid = &header.run.uid;
    let sql = "SELECT spool FROM run WHERE uid = ?";
    let replayed =
        match sqlx::query_scalar::<_, Option<String>>(sql).bind(uid).fetch_optional(&mut *conn).await? {
            Some(Some(done)) => lines_replayed(&done, &header.spool),
            Some(None) => 0,
            None => {
                run_row::insert(conn, &header.run, &header.process, Status::Running).await?;
                0
            }
        };
    for _ in 0..replayed {
        if rows.skip()?.is_none() {
            break;
        }
    }
    let (mut session, mut added) = (Session::load(conn, uid).await?, 0);
    while let Some(records) = rows.next(BATCH)? {
        session.apply(conn, &records).await?;
        added += records.len();
    }
    if added == 0 && rows.unreadable == 0 {
        return Ok(());
    }
    let mut text = format!("the store was unavailable for a while; {added} spooled records were added");
    if rows.unreadable > 0 {
        text += &format!(", {} were unreadable and are lost", rows.unreadable);
    }
    records::write(conn, session.run, &Record::event(Level::Warning, "store", None, &text)).await?;
    let sql = "UPDATE run SET spool = ? WHERE id = ?";
    let done = format!("{} {}", header.spool, rows.read);
    sqlx::query(sql).bind(done).bind(session.run).execute(conn).await.map(|_| ())
}

/// Number of lines of the spool `id` that are in the store, from the entry `done` of the run row. Records may be
/// appended to a spool that could not be removed.
fn lines_replayed(done: &str, id: &str) -> u64 {
    match done.split_once(' ') {
        Some((spool, lines)) if spool == id => lines.parse().unwrap_or(u64::MAX),
        None if done == id => u64::MAX,
        _ => 0,
    }
}

/// The lines of a spool after its header.
struct Rows {
    lines: BufReader<File>,
    /// Lines read, including skipped ones.
    read: u64,
    /// Lines that are not records: the disk was full, or the process was killed, while they were written.
    unreadable: u64,
}

impl Rows {
    fn open(path: &Path) -> io::Result<Rows> {
        let mut lines = BufReader::new(File::open(path)?);
        read_line(&mut lines)?;
        Ok(Rows { lines, read: 0, unreadable: 0 })
    }

    fn skip(&mut self) -> Result<Option<Vec<u8>>, sqlx::Error> {
        let found = read_line(&mut self.lines).map_err(sqlx::Error::Io)?;
        self.read += u64::from(found.is_some());
        Ok(found)
    }

    /// The next records, at most `most`; none at the end.
    fn next(&mut self, most: usize) -> Result<Option<Vec<Record>>, sqlx::Error> {
        let mut records = Vec::new();
        while records.len() < most
            && let Some(line) = self.skip()?
        {
            match serde_json::from_slice::<Record>(&line) {
                Ok(record) if record.is_plausible() => records.push(record),
                _ => self.unreadable += 1,
            }
        }
        Ok((!records.is_empty()).then_some(records))
    }
}
