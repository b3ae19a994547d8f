//! The files in a tar.

use std::io::{Read, Seek};

use tar::{Archive, Entry};

use super::words;

/// Text beyond this is no caption.
const MOST_TEXT: u64 = 16 << 20;
/// A tar is made of blocks of so many bytes.
const BLOCK: u64 = 512;

/// A file in a tar that a sample may be made of.
pub(super) struct Member {
    pub key: String,
    pub part: Part,
    /// Where its content begins.
    pub offset: u64,
    pub length: u64,
    /// What it holds, if that is text and not too long.
    pub text: Option<Vec<u8>>,
}

/// What a file is to its sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Picture(String),
    Text,
    Json,
    Class,
}

/// The files, up to the end or to where the tar is cut.
#[derive(Default)]
pub(super) struct Members {
    pub members: Vec<Member>,
    pub cut: Option<String>,
}

/// Walks through a tar of `length` bytes from header to header; of what is no text nothing is read.
pub(super) fn members(reader: impl Read + Seek, length: u64) -> Members {
    let mut found = Members::default();
    let mut archive = Archive::new(reader);
    let end = match archive.entries_with_seek() {
        Ok(entries) => walk(entries, length, &mut found),
        Err(error) => Err(error.to_string()),
    };
    found.cut = match end {
        Ok(end) if end.saturating_add(BLOCK) > length => {
            Some(format!("ends at byte {length} without the mark of its end"))
        }
        Ok(_) => None,
        Err(why) => Some(why),
    };
    found
}

/// Where the last file ends, with what fills its block; or why there is no going on.
fn walk<'a, R: Read + Seek + 'a>(
    entries: impl Iterator<Item = std::io::Result<Entry<'a, R>>>,
    length: u64,
    found: &mut Members,
) -> Result<u64, String> {
    let mut end = 0_u64;
    for entry in entries {
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
        let Some((key, part)) = words::part(&path) else { continue };
        let readable = !matches!(part, Part::Picture(_)) && size <= MOST_TEXT;
        let text = readable
            .then(|| content(&mut entry))
            .transpose()
            .map_err(|error| damaged(end, length, &error))?;
        found.members.push(Member { key, part, offset, length: size, text });
    }
    Ok(end)
}

fn content(entry: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    entry.read_to_end(&mut text)?;
    Ok(text)
}

fn damaged(at: u64, length: u64, error: &std::io::Error) -> String {
    if at.saturating_add(BLOCK) > length {
        return format!("ends at byte {length}, within a header");
    }
    format!("is damaged after byte {at} ({error})")
}
