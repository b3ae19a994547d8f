//! Paths stay below their root unless the user allows otherwise.

use std::{fs, io::ErrorKind, os::unix::fs::symlink, path::Path};

use clip_lab_files::{KIB, Root};
use tempfile::{TempDir, tempdir};

/// `set/images/a.jpg` next to `secret`, with links between them.
fn tree() -> (TempDir, Root) {
    let folder = tempdir().unwrap();
    let set = folder.path().join("set");
    fs::create_dir_all(set.join("images")).unwrap();
    fs::create_dir(folder.path().join("other")).unwrap();
    fs::write(set.join("images/a.jpg"), "image").unwrap();
    fs::write(folder.path().join("secret"), "key").unwrap();
    fs::write(folder.path().join("other/b.jpg"), "image").unwrap();
    symlink("../secret", set.join("link.jpg")).unwrap();
    symlink("../other", set.join("class")).unwrap();
    symlink("images/a.jpg", set.join("inside.jpg")).unwrap();
    let root = Root::new(&set).unwrap();
    (folder, root)
}

#[test]
fn paths_inside_are_found() {
    let (folder, root) = tree();
    for named in ["images/a.jpg", "inside.jpg", "images/../images/a.jpg", "./images/a.jpg"] {
        assert_eq!(root.read_capped(Path::new(named), KIB).unwrap(), b"image", "{named}");
    }
    let absolute = folder.path().join("set/images/a.jpg");
    assert_eq!(root.below(&absolute).unwrap(), absolute);
    assert_eq!(root.below(Path::new("images")).unwrap(), folder.path().join("set/images"));
}

#[test]
fn paths_outside_are_rejected_whether_they_exist_or_not() {
    let (folder, root) = tree();
    let names = ["../secret", "images/../../secret", "link.jpg", "class/b.jpg", "class", "/etc/passwd"];
    for named in names.into_iter().chain(["../missing", "/missing", "images/../../missing"]) {
        let error = root.below(Path::new(named)).unwrap_err();
        assert!(Root::is_outside(&error), "{named}: {error}");
        assert!(root.open(Path::new(named)).is_err());
    }
    let missing = root.below(Path::new("images/missing.jpg")).unwrap_err();
    assert_eq!((missing.kind(), Root::is_outside(&missing)), (ErrorKind::NotFound, false));
    let message = root.below(Path::new("link.jpg")).unwrap_err().to_string();
    let secret = folder.path().canonicalize().unwrap().join("secret");
    assert_eq!(
        message,
        format!("{} is outside of {}", secret.display(), folder.path().join("set").display())
    );
}

#[test]
fn paths_may_be_relative_to_a_folder_below() {
    let (folder, root) = tree();
    let images = root.at(Path::new("images")).unwrap();
    assert_eq!(images.path(), folder.path().join("set/images"));
    assert_eq!(images.read_capped(Path::new("a.jpg"), KIB).unwrap(), b"image");
    assert_eq!(images.read_capped(Path::new("../inside.jpg"), KIB).unwrap(), b"image");
    for named in ["../../secret", "../link.jpg", "../../missing"] {
        assert!(Root::is_outside(&images.below(Path::new(named)).unwrap_err()), "{named}");
    }
    let missing = images.below(Path::new("../missing.jpg")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(root.at(Path::new("class")).is_err() && root.at(Path::new("..")).is_err());
}

#[test]
fn a_user_may_allow_paths_outside() {
    let (_folder, root) = tree();
    let root = root.allow_outside(true);
    assert_eq!(root.read_capped(Path::new("link.jpg"), KIB).unwrap(), b"key");
    assert_eq!(root.read_capped(Path::new("../secret"), KIB).unwrap(), b"key");
}

#[test]
fn the_root_of_a_file_is_its_folder() {
    let (folder, _) = tree();
    let root = Root::new(&folder.path().join("set/images/a.jpg")).unwrap();
    assert!(root.below(Path::new("a.jpg")).is_ok());
    assert!(root.below(Path::new("../../secret")).is_err());
    assert!(Root::new(&folder.path().join("no/such")).is_err());
}

#[test]
fn a_root_that_is_itself_a_link_is_followed() {
    let (folder, _) = tree();
    symlink("set", folder.path().join("alias")).unwrap();
    let root = Root::new(&folder.path().join("alias")).unwrap();
    assert_eq!(root.below(Path::new("images/a.jpg")).unwrap(), folder.path().join("alias/images/a.jpg"));
}

#[test]
fn a_snapshot_of_the_hub_links_to_its_own_blobs_only() {
    let folder = tempdir().unwrap();
    let cache = folder.path().join("datasets--a--b");
    let snapshot = cache.join("snapshots/0123");
    fs::create_dir_all(snapshot.join("data")).unwrap();
    fs::create_dir(cache.join("blobs")).unwrap();
    fs::write(cache.join("blobs/77"), "image").unwrap();
    fs::write(cache.join("secret"), "key").unwrap();
    symlink("../../../blobs/77", snapshot.join("data/a.jpg")).unwrap();
    symlink("../../../secret", snapshot.join("data/b.jpg")).unwrap();
    for below in ["", "data"] {
        let root = Root::new(&snapshot.join(below)).unwrap();
        let data = if below.is_empty() { "data/" } else { "" };
        assert_eq!(root.read_capped(Path::new(&format!("{data}a.jpg")), KIB).unwrap(), b"image");
        assert!(root.below(Path::new(&format!("{data}b.jpg"))).is_err());
    }
}

#[test]
fn blobs_that_are_a_link_are_ignored() {
    let folder = tempdir().unwrap();
    fs::create_dir_all(folder.path().join("set/snapshots/1")).unwrap();
    symlink("/etc", folder.path().join("set/blobs")).unwrap();
    let root = Root::new(&folder.path().join("set/snapshots/1")).unwrap();
    assert!(Root::is_outside(&root.below(Path::new("../../blobs/passwd")).unwrap_err()));
}
