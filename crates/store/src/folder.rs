//! The folder of a run: next to its store, named by the run's uid, locked while the run is recorded.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use clip_lab_files::open_no_follow;

use crate::StoreError;

/// Length of a uid.
const UID_LENGTH: usize = 26;

/// The name of the lock file in a run's folder.
const LOCK_NAME: &str = "run.lock";

/// Whether `text` has the form of a uid: 26 letters and digits, as [`crate::new_uid`] creates them. Nothing else may become
/// a folder name: a uid can come from a command line or from an untrusted store.
pub fn is_uid(text: &str) -> bool {
    text.len() == UID_LENGTH && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The folder of the run `uid` of the store at `store`, as an absolute path. It is relative to the store: a store
/// moved or copied with its folders still finds them.
///
/// # Errors
/// [`StoreError::Refused`] when `uid` is not a uid, [`StoreError::File`] when the working directory is gone.
pub fn run_folder(store: &Path, uid: &str) -> Result<PathBuf, StoreError> {
    if !is_uid(uid) {
        return Err(StoreError::Refused(format!(
            "{uid:?} is not a run uid: a uid is {UID_LENGTH} capital letters and digits, such as {}",
            crate::new_uid()
        )));
    }
    Ok(store_dir(store)?.join(uid))
}

/// The folder that holds the store, absolute; symbolic links are resolved if it exists.
///
/// # Errors
/// [`StoreError::File`] when the working directory is gone.
pub fn store_dir(store: &Path) -> Result<PathBuf, StoreError> {
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().or_else(|_| std::path::absolute(folder)).map_err(|cause| StoreError::File {
        path: folder.into(),
        doing: "finding the folder of the store",
        cause,
    })
}

/// The lock on a run's folder, held until it is dropped or the process ends, even by a kill.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "open as long as the lock is held")] Option<File>);

impl FolderLock {
    /// Creates the folder if missing, and locks it. A no-op on a file system without locks.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while another process holds the lock, [`StoreError::File`] when a file cannot be created.
    pub fn take(folder: &Path) -> Result<FolderLock, StoreError> {
        fs::create_dir_all(folder).map_err(at(folder, "creating the run's folder"))?;
        let path = folder.join(LOCK_NAME);
        let file = open_no_follow(&path).map_err(at(&path, "opening the run's lock file"))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock(Some(file))),
            Err(TryLockError::Error(_)) => Ok(FolderLock(None)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Refused(format!(
                "{} is in use: another process records this run; stop it first",
                folder.display()
            ))),
        }
    }

    /// Unlocks a folder, and removes it if it is empty.
    pub fn discard(self, folder: &Path) {
        let _ = fs::remove_file(folder.join(LOCK_NAME)).and_then(|()| fs::remove_dir(folder));
    }
}

/// Removes the folder of a run and everything in it.
///
/// # Errors
/// [`StoreError::Refused`] for a symbolic link or a file in its place, and for a folder that another process has locked.
pub(crate) fn remove(folder: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at(folder, "reading the run's folder")(error)),
        Ok(found) if !found.is_dir() => {
            return Err(StoreError::Refused(format!(
                "{} is not a folder (a symbolic link or a file): remove it by hand",
                folder.display()
            )));
        }
        Ok(_) => {}
    }
    let _lock = FolderLock::take(folder)?;
    fs::remove_dir_all(folder).map_err(at(folder, "removing the run's folder"))
}

fn at<'a>(path: &'a Path, doing: &'static str) -> impl Fn(io::Error) -> StoreError + 'a {
    move |cause| StoreError::File { path: path.into(), doing, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uid_names_a_folder() {
        let store = Path::new("/data/runs/clip-lab.db");
        let uid = crate::new_uid();
        assert_eq!(run_folder(store, &uid).unwrap(), Path::new("/data/runs").join(&uid));
        let slash = format!("../{}", "X".repeat(23));
        for bad in ["", "x", "../../x", "/etc", &uid[1..], &uid.to_lowercase(), &slash] {
            assert!(run_folder(store, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_folder_is_locked_once_and_removed_by_nobody_meanwhile() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("run");
        let lock = FolderLock::take(&folder).unwrap();
        assert!(FolderLock::take(&folder).unwrap_err().to_string().contains("in use"));
        assert!(remove(&folder).is_err() && folder.exists());
        drop(lock);
        remove(&folder).unwrap();
        assert!(!folder.exists());
        remove(&folder).unwrap();
    }

    #[test]
    fn a_link_in_place_of_a_folder_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let (outside, link) = (base.path().join("outside"), base.path().join("link"));
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "x").unwrap();
        std::os::unix::fs::symlink(&outside, &link).unwrap();
        assert!(remove(&link).unwrap_err().to_string().contains("symbolic link"));
        assert!(outside.join("kept").exists());
    }
}
