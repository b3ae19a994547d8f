//! Opens regular files only.

use std::{
    fs::{self, File, FileType},
    io::{self, ErrorKind},
    os::unix::fs::FileTypeExt,
    path::Path,
};

use rustix::fs::{Mode, OFlags};

/// Opens a regular file for reading; never blocks.
///
/// # Errors
/// If it cannot be opened, or is not a regular file; the error names the file type, such as a FIFO or a device.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Checked before opening: opening some devices has side effects.
    check_regular(&fs::metadata(path)?.file_type())?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    // Checked again after opening: the path may have been replaced in between.
    check_regular(&file.metadata()?.file_type())?;
    Ok(file)
}

/// Checks that a file type is a regular file.
///
/// # Errors
/// If it is not; the error names the file type.
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
