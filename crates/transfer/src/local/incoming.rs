//! Files that are being written: in `.incoming` until all of them are there.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_files::no_follow;

use super::files;
use crate::{
    FileEntry,
    file_name::{INCOMING, checked},
};

/// The files of one run.
pub struct Incoming {
    folder: PathBuf,
    file: Option<Writing>,
    written: Vec<(PathBuf, PathBuf)>,
}

struct Writing {
    entry: FileEntry,
    digest: String,
    path: PathBuf,
    file: File,
    hasher: blake3::Hasher,
}

impl Incoming {
    /// Files for the run's folder `folder`.
    pub fn new(folder: &Path) -> Incoming {
        Incoming { folder: folder.into(), file: None, written: Vec::new() }
    }

    /// Starts a file, or continues one of an interrupted copy: its name there is made of digest and name. Returns its
    /// size so far; none if the folder has the file.
    pub fn start(&mut self, entry: &FileEntry, digest: &str) -> Result<Option<u64>> {
        let name = checked(&entry.name)?;
        let hexadecimal = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(hexadecimal, "{digest:?} is not a digest");
        if self.has(&name, entry, digest) {
            return Ok(None);
        }
        let folder = self.folder.join(INCOMING);
        create_folder(&folder)?;
        let path = folder.join(format!("{digest}-{}", &blake3::hash(entry.name.as_bytes()).to_hex()[..16]));
        let mode = if entry.private { 0o600 } else { 0o644 };
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true).mode(mode);
        let mut file =
            no_follow(&mut options, &path).with_context(|| format!("writing {}", path.display()))?;
        let mut hasher = blake3::Hasher::new();
        if file.metadata()?.len() > entry.bytes {
            file.set_len(0)?;
        }
        let size = files::hash(&mut file, &mut hasher)?;
        let digest = digest.to_ascii_lowercase();
        self.file = Some(Writing { entry: entry.clone(), digest, path, file, hasher });
        Ok(Some(size))
    }

    /// Whether the folder has the file with this content. Then it gets the time of the source, so that the next copy need
    /// not read it.
    fn has(&self, name: &Path, entry: &FileEntry, digest: &str) -> bool {
        let Ok(mut file) = files::open(&self.folder, name) else { return false };
        if file.metadata().map_or(0, |about| about.len()) != entry.bytes {
            return false;
        }
        let same = files::digest(&mut file).is_ok_and(|(ours, _)| ours.eq_ignore_ascii_case(digest));
        if same {
            let _ = file.set_modified(time(entry.modified_ns));
        }
        same
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let writing = self.file.as_mut().context("no file is being written")?;
        let size = writing.hasher.count().saturating_add(bytes.len() as u64);
        ensure!(size <= writing.entry.bytes, "{} is longer than announced", writing.entry.name);
        writing.file.write_all(bytes).with_context(|| format!("writing {}", writing.path.display()))?;
        writing.hasher.update(bytes);
        Ok(())
    }

    /// Ends the file and checks its content.
    pub fn end(&mut self) -> Result<bool> {
        let Writing { entry, digest, path, file, hasher } =
            self.file.take().context("no file is being written")?;
        if hasher.finalize().to_hex().as_str() != digest {
            fs::remove_file(&path)?;
            return Ok(false);
        }
        file.set_modified(time(entry.modified_ns))?;
        file.sync_all().with_context(|| format!("writing {}", path.display()))?;
        self.written.push((path, checked(&entry.name)?));
        Ok(true)
    }

    /// Moves the files to their names, and removes what interrupted copies left.
    pub fn publish(&mut self) -> Result<()> {
        for (from, name) in self.written.drain(..) {
            let mut folder = self.folder.clone();
            for part in name.parent().into_iter().flat_map(Path::components) {
                folder.push(part);
                create_folder(&folder)?;
            }
            let to = self.folder.join(&name);
            fs::rename(&from, &to).with_context(|| format!("writing {}", to.display()))?;
            File::open(&folder)?.sync_all()?;
        }
        let left = self.folder.join(INCOMING);
        if left.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            fs::remove_dir_all(&left)?;
        }
        Ok(())
    }
}

/// Creates a folder unless it exists; refuses a link in its place.
fn create_folder(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => other.with_context(|| format!("creating {}", path.display()))?,
    }
    ensure!(path.symlink_metadata()?.is_dir(), "{} is not a folder", path.display());
    Ok(())
}

fn time(modified_ns: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(modified_ns.max(0).unsigned_abs())
}
