//! Where records wait while the store does not answer: one JSON record a line, after a line that names the run.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{begin, record::Record, session::Session, small};
use crate::{
    Level, NewRun, Status, StoreError,
    db::{Db, Host, process_gone},
};

const NAME: &str = "spool.jsonl";

/// The first line of a spool: enough to record the run in a store that has never seen it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Tells spools apart, so that none is replayed twice.
    pub spool: String,
    /// The run.
    pub run: NewRun,
    /// Who writes.
    pub process: Host,
}

/// A spool being written.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    file: File,
}

impl Spool {
    /// Begins a spool in the run's folder.
    pub fn create(run: &NewRun, process: &Host) -> io::Result<Spool> {
        std::fs::create_dir_all(&run.dir)?;
        let path = run.dir.join(NAME);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let mut spool = Spool { path, file };
        if spool.file.metadata()?.len() == 0 {
            let header = Header { spool: crate::new_uid(), run: run.clone(), process: process.clone() };
            spool.line(&[header])?;
        }
        Ok(spool)
    }

    /// Adds records, in one write so that a kill leaves at most one broken line.
    pub fn append(&mut self, records: &[Record]) -> io::Result<()> {
        self.line(records)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn line(&mut self, rows: &[impl Serialize]) -> io::Result<()> {
        let mut text = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut text, row)?;
            text.push(b'\n');
        }
        self.file.write_all(&text)
    }
}

/// The spool of the run that keeps its files in `dir`, if there is one.
pub fn find(dir: &Path) -> Option<PathBuf> {
    Some(dir.join(NAME)).filter(|path| path.is_file())
}

/// Replays what runs that are gone have left beside the store or in their own folders. Answers with what went wrong.
pub fn recover(db: &Db) -> Result<Vec<StoreError>, StoreError> {
    let dirs: Vec<String> = db.with("looking for unfinished runs", async |conn| {
        let sql = "SELECT dir FROM run WHERE status IN ('queued', 'running')";
        sqlx::query_scalar(sql).fetch_all(conn).await
    })?;
    let beside = db.path().parent().and_then(|folder| std::fs::read_dir(folder).ok());
    let beside = beside.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut spools: Vec<PathBuf> =
        dirs.iter().map(PathBuf::from).chain(beside).filter_map(|dir| find(&dir)).collect();
    spools.sort();
    spools.dedup();
    let here = Host::here();
    let left = |path: &PathBuf| header(path).is_some_and(|h| process_gone(&h.process, &here) == Some(true));
    Ok(spools.iter().filter(|path| left(path)).filter_map(|path| replay(db, path).err()).collect())
}

/// Writes a spool into the store and removes it.
pub fn replay(db: &Db, path: &Path) -> Result<(), StoreError> {
    let broken =
        |source| StoreError::File { path: path.into(), doing: "reading the records kept aside", source };
    let mut lines = BufReader::new(File::open(path).map_err(broken)?).lines();
    let first = lines.next().transpose().map_err(broken)?.unwrap_or_default();
    let header: Header = serde_json::from_str(&first).map_err(|e| broken(e.into()))?;
    // The writer may have been killed in the middle of a line; a disk may have filled there and emptied later.
    let records: Vec<Record> =
        lines.map_while(Result::ok).filter_map(|l| serde_json::from_str(&l).ok()).collect();
    db.write("replaying the records kept aside", async |conn| apply(conn, &header, &records).await)?;
    std::fs::remove_file(path).map_err(|source| StoreError::File {
        path: path.into(),
        doing: "removing",
        source,
    })
}

async fn apply(
    conn: &mut sqlx::SqliteConnection,
    header: &Header,
    records: &[Record],
) -> Result<(), sqlx::Error> {
    let uid = &header.run.uid;
    let known = "SELECT spool FROM run WHERE uid = ?";
    match sqlx::query_scalar::<_, Option<String>>(known).bind(uid).fetch_optional(&mut *conn).await? {
        Some(Some(done)) if done == header.spool => return Ok(()),
        Some(_) => {}
        None => drop(begin::insert(conn, &header.run, &header.process, Status::Running).await?),
    }
    let mut session = Session::load(conn, uid).await?;
    session.apply(conn, records).await?;
    let text =
        format!("the store did not answer for a while; {} records kept aside were added", records.len());
    small::write(conn, session.run, &Record::event(Level::Warning, "store", None, &text)).await?;
    let sql = "UPDATE run SET spool = ? WHERE id = ?";
    sqlx::query(sql).bind(&header.spool).bind(session.run).execute(conn).await.map(|_| ())
}

fn header(path: &Path) -> Option<Header> {
    let mut line = String::new();
    BufReader::new(File::open(path).ok()?).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}
