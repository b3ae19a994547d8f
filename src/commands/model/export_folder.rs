//! The folder of an export, written atomically.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clip_lab_files::{MIB, read_text_capped};
use clip_lab_store::new_uid;
use serde_json::Value;

/// The manifest of an export.
pub const RECORD: &str = "clip-lab.json";

/// A temporary folder beside the target, which replaces it when finished and is removed otherwise.
pub struct ExportFolder {
    target: PathBuf,
    temporary: PathBuf,
}

impl ExportFolder {
    /// Creates the temporary folder, after checking that `target` does not exist or may be replaced.
    ///
    /// # Errors
    /// If `target` must not be replaced, or the folder cannot be created.
    pub fn create(target: &Path, force: bool) -> Result<Self> {
        let place = target.display();
        if target.exists() && !is_empty(target) {
            if !target.join(RECORD).is_file() {
                bail!("{place} exists and is not an export of clip-lab; choose another folder with --out");
            }
            if !force {
                bail!("{place} already holds an export; replace it with --force");
            }
            export_files(target)?;
        }
        let temporary = sibling(target, "partial")?;
        fs::create_dir_all(temporary.parent().unwrap_or(Path::new(".")))
            .and_then(|()| fs::create_dir(&temporary))
            .with_context(|| format!("cannot create {}", temporary.display()))?;
        Ok(Self { target: target.to_owned(), temporary })
    }

    /// The folder to write to.
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// Moves the folder to its target.
    ///
    /// # Errors
    /// If it cannot be moved; a replaced export is restored.
    pub fn finish(self) -> Result<()> {
        for entry in fs::read_dir(&self.temporary)?.flatten() {
            fs::File::open(entry.path())?.sync_all()?;
        }
        let old = sibling(&self.target, "old")?;
        let replaced = self.target.exists();
        let had_files = replaced && !is_empty(&self.target);
        if replaced {
            fs::rename(&self.target, &old)
                .with_context(|| format!("cannot move {}", self.target.display()))?;
        }
        if let Err(error) = fs::rename(&self.temporary, &self.target) {
            if replaced {
                let _ = fs::rename(&old, &self.target);
            }
            return Err(error).with_context(|| format!("cannot create {}", self.target.display()));
        }
        match (replaced, had_files) {
            (false, _) => Ok(()),
            (true, true) => remove(&old),
            (true, false) => fs::remove_dir(&old).with_context(|| format!("cannot remove {}", old.display())),
        }
    }
}

impl Drop for ExportFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.temporary);
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// A unique name for a folder beside `target`, so that no existing folder is touched.
fn sibling(target: &Path, what: &str) -> Result<PathBuf> {
    let name =
        target.file_name().with_context(|| format!("--out {} is not a folder name", target.display()))?;
    Ok(target.with_file_name(format!(".{}.{}.{what}", name.to_string_lossy(), new_uid())))
}

/// The files of an export. Fails if the folder holds anything else.
fn export_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let place = folder.display();
    let text =
        read_text_capped(&folder.join(RECORD), MIB).with_context(|| format!("reading {place}/{RECORD}"))?;
    let record: Value = serde_json::from_str(&text).with_context(|| format!("reading {place}/{RECORD}"))?;
    let listed: Vec<&str> =
        record["files"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !listed.iter().any(|listed| name == *listed) || !entry.file_type()?.is_file() {
            bail!(
                "{place} holds {}, which is not part of the export ({RECORD} lists its files): move it away, or choose another \
                 folder with --out",
                name.display()
            );
        }
        files.push(entry.path());
    }
    Ok(files)
}

/// Removes an export, but not if other files were added to its folder meanwhile.
fn remove(export: &Path) -> Result<()> {
    let removed = export_files(export).and_then(|files| {
        Ok(files.iter().try_for_each(fs::remove_file).and_then(|()| fs::remove_dir(export))?)
    });
    removed.with_context(|| format!("{} is the replaced export and cannot be removed", export.display()))
}
