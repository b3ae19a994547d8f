//! Files written without following links.

use std::{fs, io::Write, os::unix::fs::symlink};

use clip_lab_files::{append_no_follow, open_no_follow, replace_no_follow};

#[test]
fn links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
    fs::write(&victim, "kept").unwrap();
    symlink(&victim, &link).unwrap();
    for error in [open_no_follow(&link).unwrap_err(), append_no_follow(&link).unwrap_err()] {
        assert_eq!(error.to_string(), "a symbolic link, not a regular file");
    }
    replace_no_follow(&link).unwrap().write_all(b"new").unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
    assert_eq!(fs::read_to_string(&link).unwrap(), "new");
    assert!(!link.is_symlink());
}

#[test]
fn files_are_created_kept_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    append_no_follow(&path).unwrap().write_all(b"one").unwrap();
    append_no_follow(&path).unwrap().write_all(b", two").unwrap();
    open_no_follow(&path).unwrap().write_all(b"O").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "One, two");
    replace_no_follow(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
    assert!(open_no_follow(folder.path()).is_err() && replace_no_follow(folder.path()).is_err());
}

#[test]
fn special_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert_eq!(open_no_follow(&path).unwrap_err().to_string(), "a FIFO, not a regular file");
}
