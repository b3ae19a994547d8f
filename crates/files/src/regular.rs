//! Regular files, and what else a path can be.

use std::{
    fs::{self, File, FileType},
    io::{self, ErrorKind},
    os::unix::fs::FileTypeExt,
    path::Path,
};

use rustix::fs::{Mode, OFlags};

/// Opens a file for reading if it is a regular one, and never waits for anything.
///
/// # Errors
/// If it cannot be opened, or is something else, such as a FIFO or a device. The error then says what.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Before anything is opened: opening alone starts some devices.
    check_regular(&fs::metadata(path)?.file_type())?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    // Once more, of what was opened: another file may have taken the path in between.
    check_regular(&file.metadata()?.file_type())?;
    Ok(file)
}

/// Succeeds if a file is a regular one.
///
/// # Errors
/// If it is something else. The error says what.
pub fn check_regular(kind: &FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let error = if kind.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
    Err(io::Error::new(error, format!("{}, not a regular file", name(kind))))
}

fn name(kind: &FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_char_device() || kind.is_block_device() => "a device",
        _ => "a special file",
    }
}
