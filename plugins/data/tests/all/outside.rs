//! Data sets that refer to files outside of them, or to special files.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use crate::common::{error_of, folder, names, opened};
use plugins_data::{CaptionFolder, ImageFolder, Split};
use tempfile::TempDir;

fn all(root: &Path) -> CaptionFolder {
    CaptionFolder { root: root.to_owned(), split: Split::All, tolerate: 0.9, ..Default::default() }
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A data set whose list names `a.png` and these files.
fn set(rows: &[&str]) -> TempDir {
    let rows: String = rows.iter().map(|row| format!("{row},two\n")).collect();
    folder(&*format!("image,caption\na.png,one\n{rows}"))
}

/// An image outside of the data set.
fn private() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(set(&[]).path().join("Images/a.png"), dir.path().join("private.png")).unwrap();
    dir
}

fn images(set: &TempDir) -> std::path::PathBuf {
    set.path().join("Images")
}

#[test]
fn rows_that_leave_the_root_are_left_out_unless_the_user_allows_them() {
    let private = private();
    let absolute = private.path().join("private.png").display().to_string();
    let dir = set(&[
        &absolute,
        "../../../../../../../../etc/passwd",
        "/dev/zero",
        "link.png",
        "folder/private.png",
    ]);
    symlink(&absolute, images(&dir).join("link.png")).unwrap();
    symlink(private.path(), images(&dir).join("folder")).unwrap();
    let data = opened(&all(dir.path()));
    assert_eq!(names(&*data), ["a.png"]);
    let message = data.skipped().join("\n");
    assert!(
        message.contains("outside of the data set's folder, which requires `allow_outside = true`: 5"),
        "{message}"
    );
    let message = error_of(&CaptionFolder { tolerate: 0.0, ..all(dir.path()) });
    assert!(message.contains("5 of 6 images, listed but outside") && message.contains("passwd"), "{message}");
    let data = opened(&CaptionFolder { allow_outside: true, ..all(dir.path()) });
    assert_eq!(data.len(), 5, "all but the device: {:?}", data.skipped());
    assert!(
        data.skipped()[0].contains("listed but not regular files: 1 (/dev/zero)"),
        "{:?}",
        data.skipped()
    );
    assert!(data.image(1).unwrap().decode().is_ok());
}

#[test]
fn a_link_that_changes_later_is_not_followed() {
    let (private, dir) = (private(), set(&["b.png"]));
    let data = opened(&all(dir.path()));
    assert_eq!(names(&*data), ["a.png", "b.png"]);
    fs::remove_file(images(&dir).join("b.png")).unwrap();
    symlink(private.path().join("private.png"), images(&dir).join("b.png")).unwrap();
    let message = format!("{:#}", data.image(1).unwrap_err());
    assert!(message.contains("image b.png") && message.contains("is outside of"), "{message}");
}

#[test]
fn special_files_are_left_out_without_blocking() {
    let dir = set(&["x.jpg", "folder.png"]);
    fifo(&images(&dir).join("x.jpg"));
    fs::create_dir(images(&dir).join("folder.png")).unwrap();
    let data = opened(&all(dir.path()));
    assert_eq!(names(&*data), ["a.png"]);
    assert!(data.skipped()[0].contains("not regular files: 2 (x.jpg, folder.png)"), "{:?}", data.skipped());
    let dir = folder("");
    fs::remove_file(dir.path().join("captions.txt")).unwrap();
    fifo(&dir.path().join("captions.txt"));
    let message = error_of(&all(dir.path()));
    assert!(message.contains("captions.txt cannot be read: a FIFO, not a regular file"), "{message}");
}

#[test]
fn lists_and_image_folders_do_not_leave_the_root_either() {
    let (dir, other) = (set(&[]), set(&["b.png"]));
    let list = dir.path().join("captions.txt");
    fs::remove_file(&list).unwrap();
    symlink(other.path().join("captions.txt"), &list).unwrap();
    let message = error_of(&all(dir.path()));
    assert!(message.contains("is outside of") && message.contains("allow_outside = true"), "{message}");
    let named = CaptionFolder { file: Some("captions.txt".into()), ..all(dir.path()) };
    assert_eq!(opened(&named).len(), 2, "the user names it");
    assert_eq!(opened(&CaptionFolder { allow_outside: true, ..all(dir.path()) }).len(), 2);

    let dir = set(&[]);
    fs::rename(images(&dir), dir.path().join("gone")).unwrap();
    symlink(images(&other), images(&dir)).unwrap();
    let message = error_of(&all(dir.path()));
    assert!(message.contains("the folder of images; set `allow_outside = true` to allow it"), "{message}");
    let named = CaptionFolder { images: Some(images(&other)), ..all(dir.path()) };
    assert_eq!(opened(&named).len(), 1, "the user names it");
    assert_eq!(opened(&CaptionFolder { allow_outside: true, ..all(dir.path()) }).len(), 1);
}

#[test]
fn snapshots_of_the_hub_link_to_their_blobs() {
    let (dir, cache) = (set(&["b.png"]), tempfile::tempdir().unwrap());
    let (snapshot, blobs) = (cache.path().join("snapshots/0123"), cache.path().join("blobs"));
    fs::create_dir_all(snapshot.join("Images")).unwrap();
    fs::create_dir(&blobs).unwrap();
    for (number, file) in ["captions.txt", "Images/a.png", "Images/b.png"].into_iter().enumerate() {
        fs::copy(dir.path().join(file), blobs.join(number.to_string())).unwrap();
        let up = "../".repeat(2 + file.matches('/').count());
        symlink(format!("{up}blobs/{number}"), snapshot.join(file)).unwrap();
    }
    let data = opened(&all(&snapshot));
    assert_eq!((names(&*data), data.skipped().len()), (vec!["a.png".into(), "b.png".into()], 0));
    assert!(data.image(1).unwrap().decode().is_ok());
}

#[test]
fn classes_do_not_leave_the_root() {
    let (private, dir) = (private(), tempfile::tempdir().unwrap());
    for class in ["cat", "dog"] {
        fs::create_dir(dir.path().join(class)).unwrap();
        fs::copy(private.path().join("private.png"), dir.path().join(class).join("a.png")).unwrap();
    }
    symlink(private.path().join("private.png"), dir.path().join("dog/b.png")).unwrap();
    let of = ImageFolder { root: dir.path().to_owned(), tolerate: 0.5, ..Default::default() };
    let data = opened(&of);
    assert_eq!(names(&*data), ["cat/a.png", "dog/a.png"]);
    assert!(
        data.skipped()[0].contains("requires `allow_outside = true`: 1 (first: dog/b.png)"),
        "{:?}",
        data.skipped()
    );
    let message = error_of(&ImageFolder { tolerate: 0.1, ..of.clone() });
    assert!(message.contains("1 of 3 images, outside of the data set's folder"), "{message}");
    assert_eq!(opened(&ImageFolder { allow_outside: true, ..of.clone() }).len(), 3);

    symlink(private.path(), dir.path().join("private")).unwrap();
    let message = error_of(&of);
    assert!(message.contains("class folder private; set `allow_outside = true` to allow it"), "{message}");
    assert_eq!(opened(&ImageFolder { allow_outside: true, ..of.clone() }).classes().len(), 3);
    fs::remove_file(dir.path().join("private")).unwrap();

    fifo(&dir.path().join("cat/x.jpg"));
    let data = opened(&of);
    let message = format!("{:#}", data.image(1).unwrap_err());
    assert!(message.contains("x.jpg cannot be read: a FIFO, not a regular file"), "{message}");
}
