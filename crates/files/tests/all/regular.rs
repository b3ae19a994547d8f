//! Only regular files are opened, and at most the limit is read.

use std::{fs, io::ErrorKind, os::unix::net::UnixListener, path::Path};

use clip_lab_files::{KIB, MIB, open_regular, read_all, read_capped, read_text_capped};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::tempdir;

fn open_error(path: &Path) -> String {
    open_regular(path).unwrap_err().to_string()
}

#[test]
fn only_regular_files_are_opened() {
    let folder = tempdir().unwrap();
    let fifo = folder.path().join("x.jpg");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let socket = folder.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    assert_eq!(open_error(&fifo), "a FIFO, not a regular file");
    assert_eq!(open_error(&socket), "a socket, not a regular file");
    assert_eq!(open_error(Path::new("/dev/zero")), "a device, not a regular file");
    assert_eq!(open_error(folder.path()), "a folder, not a regular file");
    assert_eq!(open_regular(folder.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
    assert_eq!(open_regular(&folder.path().join("missing")).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn links_are_followed() {
    let folder = tempdir().unwrap();
    let (file, link, zero) = ("file", "link", "zero");
    fs::write(folder.path().join(file), "text").unwrap();
    std::os::unix::fs::symlink(file, folder.path().join(link)).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join(zero)).unwrap();
    assert_eq!(read_text_capped(&folder.path().join(link), KIB).unwrap(), "text");
    assert_eq!(open_error(&folder.path().join(zero)), "a device, not a regular file");
}

#[test]
fn the_limit_is_exact_and_named() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, vec![7; 2048]).unwrap();
    assert_eq!(read_capped(&file, 2 * KIB).unwrap().len(), 2048);
    let error = read_capped(&file, KIB).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    assert_eq!(error.to_string(), "larger than 1 KiB, the limit for such a file");
    assert!(read_capped(&file, 2047).unwrap_err().to_string().contains("2047 bytes"));
}

#[test]
fn files_without_a_size_are_capped_too() {
    assert!(!read_capped(Path::new("/proc/self/status"), MIB).unwrap().is_empty());
    assert!(read_capped(Path::new("/proc/self/status"), 16).is_err());
    assert!(read_all(std::io::repeat(0), u64::MAX, KIB).is_err());
    assert_eq!(read_all(&b"abc"[..], u64::MAX, u64::MAX).unwrap(), b"abc");
}

#[test]
fn text_is_utf_8_without_a_byte_order_mark() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "\u{feff}a").unwrap();
    assert_eq!(read_text_capped(&file, KIB).unwrap(), "a");
    fs::write(&file, b"ab\xff").unwrap();
    let error = read_text_capped(&file, KIB).unwrap_err();
    assert_eq!(error.to_string(), "not UTF-8 text: invalid byte at offset 2");
}
