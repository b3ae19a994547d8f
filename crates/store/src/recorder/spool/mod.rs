//! The spool: a file for records while the store is unavailable. One JSON record per line, after a header line with the run.

mod replay;

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use clip_lab_files::append_no_follow;
use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::{NewRun, db::Host};

pub use replay::{recover, replay};

const FILE_NAME: &str = "spool.jsonl";
/// A spool without a header yet. Its disk space is reserved at the start of the run: a disk too full for the store is
/// usually the disk of the spool too.
const RESERVE_NAME: &str = "spool.reserve";
/// Reserved bytes: a few thousand log calls. At least the end of the run and the event about lost records must fit.
const RESERVED_BYTES: u64 = 1 << 20;
/// A longer line is not a record.
const LONGEST_LINE: u64 = 256 << 20;

/// The first line of a spool: enough to insert the run into a store that does not have it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Unique id, so that no spool is replayed twice.
    pub spool: String,
    /// The run.
    pub run: NewRun,
    /// The writing process.
    pub process: Host,
}

/// A spool being written.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    file: File,
    /// End of the last complete line.
    len: u64,
}

/// Reserves disk space for a spool in the run's folder. Without support of the file system, the spool holds what fits.
pub fn reserve(folder: &Path) {
    if find(folder).is_none()
        && let Ok(file) = append_no_follow(&folder.join(RESERVE_NAME))
    {
        let _ = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, RESERVED_BYTES);
    }
}

/// Releases the reserved space.
pub fn release(folder: &Path) {
    let _ = fs::remove_file(folder.join(RESERVE_NAME));
}

/// The spool in the run's folder, if it exists.
pub fn find(folder: &Path) -> Option<PathBuf> {
    Some(folder.join(FILE_NAME)).filter(|path| path.symlink_metadata().is_ok_and(|found| found.is_file()))
}

impl Spool {
    /// Opens the spool in the run's folder for appending, or creates one. Renames a file that is not a spool of this run.
    pub fn create(folder: &Path, run: &NewRun, process: &Host) -> io::Result<Spool> {
        fs::create_dir_all(folder)?;
        let path = folder.join(FILE_NAME);
        if let Some(found) = find(folder) {
            if read_header(&found).is_some_and(|header| header.run.uid == run.uid) {
                return Spool::reopen(path.clone(), append_no_follow(&path)?);
            }
            rename_unreadable(&found)?;
        }
        let reserve = folder.join(RESERVE_NAME);
        let mut spool = Spool { file: append_no_follow(&reserve)?, path: reserve.clone(), len: 0 };
        spool.truncate_partial()?;
        let header = Header { spool: crate::new_uid(), run: run.clone(), process: process.clone() };
        spool.write_lines(&[header], 0)?;
        fs::rename(&reserve, &path)?;
        Ok(Spool { path, ..spool })
    }

    fn reopen(path: PathBuf, mut file: File) -> io::Result<Spool> {
        let len = file.seek(SeekFrom::End(0))?;
        let mut spool = Spool { path, file, len };
        // A killed process may have left a partial line.
        spool.len = spool.last_line_end(len)?;
        spool.truncate_partial()?;
        Ok(spool)
    }

    /// Appends all records or, when the disk is full, none. `spare` bytes must fit after them.
    pub fn append(&mut self, records: &[Record], spare: usize) -> io::Result<()> {
        self.write_lines(records, spare)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write_lines(&mut self, rows: &[impl Serialize], spare: usize) -> io::Result<()> {
        let mut text = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut text, row)?;
            text.push(b'\n');
        }
        let lines = text.len();
        text.resize(lines + spare, b' ');
        let written = self.file.write_all(&text);
        if written.is_ok() {
            self.len += lines as u64;
        }
        self.truncate_partial()?;
        written
    }

    /// Truncates the file after the last complete line.
    fn truncate_partial(&self) -> io::Result<()> {
        if self.file.metadata()?.len() > self.len {
            self.file.set_len(self.len)?;
        }
        Ok(())
    }

    /// The end of the last complete line before `end`.
    fn last_line_end(&mut self, mut end: u64) -> io::Result<u64> {
        let mut block = [0; 4096];
        while end > 0 {
            let from = end.saturating_sub(block.len() as u64);
            let part = &mut block[..(end - from) as usize];
            self.file.seek(SeekFrom::Start(from))?;
            self.file.read_exact(part)?;
            if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
                return Ok(from + at as u64 + 1);
            }
            end = from;
        }
        Ok(0)
    }
}

/// Renames a file that cannot be read as a spool, so that it is not lost. Returns its new path.
fn rename_unreadable(path: &Path) -> io::Result<PathBuf> {
    let to = path.with_file_name(format!("spool.unreadable-{}.jsonl", crate::new_uid()));
    fs::rename(path, &to)?;
    Ok(to)
}

fn read_header(path: &Path) -> Option<Header> {
    serde_json::from_slice(&read_line(&mut BufReader::new(File::open(path).ok()?)).ok()??).ok()
}

/// The next line without its newline; none at the end of the file. A line that is too long is skipped and returned empty.
fn read_line(reader: &mut BufReader<File>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    if reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.pop_if(|last| *last == b'\n').is_none() && bytes.len() as u64 == LONGEST_LINE {
        bytes.clear();
        reader.skip_until(b'\n')?;
    }
    Ok(Some(bytes))
}
