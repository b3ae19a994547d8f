//! The files of a tar archive.

use std::{
    cell::Cell,
    io::{self, Read, Seek, SeekFrom},
    rc::Rc,
};

use clip_lab_files::{GIB, MIB, read_all};
use tar::{Archive, Entry};

use super::parse::{Part, part};

/// Longest text file, bytes.
const MAX_TEXT: u64 = 16 * MIB;
/// Total size of the text files of a shard, bytes.
const MAX_TEXTS: u64 = GIB;
/// Largest image, bytes, as in `clip_lab_image_io::MAX_FILE_BYTES`.
const MAX_IMAGE: u64 = 256 * MIB;
/// Largest header with its long name, bytes: the tar reader loads names and attributes of any length into memory.
const MAX_HEADER: u64 = MIB;
/// The block size of tar.
const BLOCK: u64 = 512;

/// A file that may belong to a sample.
pub(super) struct Member {
    pub key: String,
    pub part: Part,
    /// Offset of its content.
    pub offset: u64,
    pub length: u64,
    /// Its content, if it is text and not too long.
    pub text: Option<Vec<u8>>,
}

impl Member {
    /// Whether it is an image that is too large to read.
    pub fn is_too_large(&self) -> bool {
        matches!(self.part, Part::Image(_)) && self.length > MAX_IMAGE
    }
}

/// The files, up to the end or to a truncation.
#[derive(Default)]
pub(super) struct Members {
    pub members: Vec<Member>,
    pub cut: Option<String>,
}

/// Scans the headers of a tar of `length` bytes; reads only text files.
pub(super) fn members(reader: impl Read + Seek, length: u64) -> Members {
    let mut found = Members::default();
    let left = Rc::new(Cell::new(MAX_HEADER));
    let mut archive = Archive::new(Limited { reader, left: left.clone() });
    let end = match archive.entries_with_seek() {
        Ok(entries) => walk(entries, &left, length, &mut found),
        Err(error) => Err(error.to_string()),
    };
    found.cut = match end {
        Ok(end) if end.saturating_add(BLOCK) > length => {
            Some(format!("ends at byte {length} without an end-of-archive marker"))
        }
        Ok(_) => None,
        Err(why) => Some(why),
    };
    found
}

/// A reader with a byte budget, which is reset before each header and file.
struct Limited<R> {
    reader: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 && !into.is_empty() {
            return Err(io::Error::other(format!("a name or attributes of more than {MAX_HEADER} bytes")));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let read = self.reader.read(&mut into[..most])?;
        self.left.set(left - read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Limited<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

/// The end of the last file, including padding; or why the tar is unreadable after it.
fn walk<'a, R: Read + Seek + 'a>(
    mut entries: impl Iterator<Item = io::Result<Entry<'a, R>>>,
    left: &Cell<u64>,
    length: u64,
    found: &mut Members,
) -> Result<u64, String> {
    let (mut end, mut texts) = (0_u64, MAX_TEXTS);
    loop {
        left.set(MAX_HEADER);
        let Some(entry) = entries.next() else { return Ok(end) };
        let mut entry = entry.map_err(|error| damaged(end, length, &error))?;
        let (offset, size) = (entry.raw_file_position(), entry.size());
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let last = offset.saturating_add(size);
        if last > length {
            return Err(format!("ends at byte {length}, within {path}"));
        }
        end = last.next_multiple_of(BLOCK);
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let Some((key, part)) = part(&path) else { continue };
        let readable = !matches!(part, Part::Image(_)) && size <= MAX_TEXT.min(texts);
        let mut text = None;
        if readable {
            left.set(size);
            texts -= size;
            text = Some(read_all(&mut entry, size, size).map_err(|error| damaged(end, length, &error))?);
        }
        found.members.push(Member { key, part, offset, length: size, text });
    }
}

fn damaged(at: u64, length: u64, error: &io::Error) -> String {
    if at.saturating_add(BLOCK) > length {
        return format!("ends at byte {length}, within a header");
    }
    format!("is damaged after byte {at} ({error})")
}
