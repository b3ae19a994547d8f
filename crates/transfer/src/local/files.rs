//! Reading files of a run's folder. Symbolic links are not followed.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::Path,
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_files::no_follow;

use crate::{FileEntry, file_name::is_copied, store_traits::BLOCK};

/// The spec that the run was started with.
const SPEC: &str = "spec.toml";
/// A longer spec is not compared.
const MAX_SPEC: u64 = 16 << 20;

/// The files of a folder, by name.
pub fn list(folder: &Path) -> Result<Vec<FileEntry>> {
    let mut found = Vec::new();
    if folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        add(folder, "", &mut found).with_context(|| format!("reading {}", folder.display()))?;
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn add(folder: &Path, above: &str, found: &mut Vec<FileEntry>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(|name| format!("{above}{name}")) else { continue };
        // A file may be removed meanwhile.
        let Ok(about) = entry.metadata() else { continue };
        if !is_copied(&name) {
            continue;
        }
        if about.is_dir() {
            add(&entry.path(), &format!("{name}/"), found)?;
        } else if about.is_file() {
            found.push(entry_of(name, &about));
        }
    }
    Ok(())
}

fn entry_of(name: String, about: &Metadata) -> FileEntry {
    let modified_ns = about.mtime().saturating_mul(1_000_000_000).saturating_add(about.mtime_nsec());
    FileEntry { name, bytes: about.len(), modified_ns, private: about.mode() & 0o044 == 0 }
}

/// Removes `spec.toml` from a list if it has secrets: then it differs from the text in the store. Returns whether it did.
pub fn withhold_secrets(
    files: &mut Vec<FileEntry>,
    folder: &Path,
    stored: impl FnOnce() -> Result<String>,
) -> Result<bool> {
    let Some(at) = files.iter().position(|file| file.name == SPEC) else { return Ok(false) };
    let text =
        open(folder, Path::new(SPEC)).and_then(|file| Ok(clip_lab_files::read_all(file, 0, MAX_SPEC)?));
    let same = text.is_ok_and(|text| stored().is_ok_and(|stored| stored.as_bytes() == text));
    if !same {
        files.remove(at);
    }
    Ok(!same)
}

/// Opens a regular file below `folder`.
pub fn open(folder: &Path, name: &Path) -> Result<File> {
    let mut parent = folder.to_owned();
    for part in name.parent().into_iter().flat_map(Path::components) {
        ensure!(parent.symlink_metadata()?.is_dir(), "{} is not a folder", parent.display());
        parent.push(part);
    }
    ensure!(parent.symlink_metadata()?.is_dir(), "{} is not a folder", parent.display());
    no_follow(OpenOptions::new().read(true), &folder.join(name)).with_context(|| name.display().to_string())
}

/// Digest and size of a file.
pub fn digest(file: &mut File) -> Result<(String, u64)> {
    let mut hasher = blake3::Hasher::new();
    let size = hash(file, &mut hasher)?;
    Ok((hasher.finalize().to_hex().to_string(), size))
}

/// Adds the content of a file to a digest. Returns its size.
pub fn hash(file: &mut File, hasher: &mut blake3::Hasher) -> Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    // A log may grow meanwhile.
    let size = file.metadata()?.len();
    hasher.update_reader(file.take(size))?;
    Ok(hasher.count())
}

/// Bytes of a file from `from` on.
pub fn block(file: &mut File, from: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; BLOCK];
    let mut read = 0;
    while read < BLOCK {
        match file.read_at(&mut bytes[read..], from.saturating_add(read as u64)) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}
