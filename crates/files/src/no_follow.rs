//! Writes files into folders that others may have filled, such as that of a copied store. A symbolic link in place of a
//! file is never followed: it may name any file of the user.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::{fs::OFlags, io::Errno};

use crate::check_regular;

/// Opens a regular file for reading and writing, or creates it. Its content stays. Never blocks.
///
/// # Errors
/// If it cannot be opened, is a symbolic link, or is not a regular file.
pub fn open_no_follow(path: &Path) -> io::Result<File> {
    no_follow(OpenOptions::new().read(true).write(true).create(true).truncate(false), path)
}

/// As [`open_no_follow`], for appending.
///
/// # Errors
/// If it cannot be opened, is a symbolic link, or is not a regular file.
pub fn append_no_follow(path: &Path) -> io::Result<File> {
    no_follow(OpenOptions::new().read(true).append(true).create(true), path)
}

/// Creates an empty file in place of a file or a symbolic link, which is removed and not followed.
///
/// # Errors
/// If the old file cannot be removed, or the new one cannot be created.
pub fn replace_no_follow(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(path)
}

/// Opens a regular file with `options`. Never blocks.
///
/// # Errors
/// If it cannot be opened, is a symbolic link, or is not a regular file.
pub fn no_follow(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits() as i32).open(path).map_err(|error| {
        if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
            return io::Error::new(ErrorKind::InvalidInput, "a symbolic link, not a regular file");
        }
        error
    })?;
    check_regular(&file.metadata()?.file_type())?;
    Ok(file)
}
