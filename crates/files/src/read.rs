//! Reads whole files and streams, up to a size limit.

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::Path,
};

use crate::{GIB, KIB, MIB, regular::open_regular};

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// If it cannot be read, is not a regular file, exceeds the limit, or memory runs out.
pub fn read_capped(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let size = size_below(&file, limit)?;
    read_all(file, size, limit)
}

/// Reads a UTF-8 file of at most `limit` bytes, without a byte order mark.
///
/// # Errors
/// As [`read_capped`], and if it is not UTF-8.
pub fn read_text_capped(path: &Path, limit: u64) -> io::Result<String> {
    read_text(read_capped(path, limit)?)
}

/// Decodes UTF-8, without a byte order mark.
///
/// # Errors
/// If they are not UTF-8.
pub fn read_text(bytes: Vec<u8>) -> io::Result<String> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        io::Error::new(ErrorKind::InvalidData, format!("not UTF-8 text: invalid byte at offset {offset}"))
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Reads the rest of a stream, at most `limit` bytes. `expected` is a size hint: a wrong one costs reallocations.
///
/// # Errors
/// If it cannot be read, exceeds the limit, or memory runs out.
pub fn read_all(stream: impl Read, expected: u64, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let first = usize::try_from(expected.min(limit).min(64 * MIB)).unwrap_or_default();
    bytes.try_reserve_exact(first).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    let read = stream.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if read as u64 > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

fn size_below(file: &File, limit: u64) -> io::Result<u64> {
    let size = file.metadata()?.len();
    if size > limit { Err(too_large(limit)) } else { Ok(size) }
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("larger than {}, the limit for such a file", size(limit)))
}

fn size(bytes: u64) -> String {
    match bytes {
        GIB.. if bytes.is_multiple_of(GIB) => format!("{} GiB", bytes / GIB),
        MIB.. if bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        KIB.. if bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}
