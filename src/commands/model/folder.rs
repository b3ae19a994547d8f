//! The folder of an export: whole or not at all.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clip_lab_store::new_uid;
use serde_json::Value;

/// The file by which an export is known.
pub const RECORD: &str = "clip-lab.json";

/// A folder in the making, beside the one that it becomes. What is not finished goes with it.
pub struct Folder {
    wanted: PathBuf,
    aside: PathBuf,
}

impl Folder {
    /// Makes the folder aside, once it is known that `wanted` is free, or may be replaced.
    ///
    /// # Errors
    /// When something stands there that must not be replaced, or nothing can be written.
    pub fn begin(wanted: &Path, force: bool) -> Result<Self> {
        let place = wanted.display();
        if wanted.exists() && !is_empty(wanted) {
            if !wanted.join(RECORD).is_file() {
                bail!(
                    "{place} is there already and is no export of clip-lab; name another folder with --out"
                );
            }
            if !force {
                bail!("{place} holds an export already; --force replaces it");
            }
            only_ours(wanted)?;
        }
        let aside = beside(wanted, "partial")?;
        fs::create_dir_all(aside.parent().unwrap_or(Path::new(".")))
            .and_then(|()| fs::create_dir(&aside))
            .with_context(|| format!("cannot make {}", aside.display()))?;
        Ok(Self { wanted: wanted.to_owned(), aside })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.aside
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// Those of the file system; what stood there before is there then.
    pub fn finish(self) -> Result<()> {
        for entry in fs::read_dir(&self.aside)?.flatten() {
            fs::File::open(entry.path())?.sync_all()?;
        }
        let old = beside(&self.wanted, "old")?;
        let replaced = self.wanted.exists();
        let held = replaced && !is_empty(&self.wanted);
        if replaced {
            fs::rename(&self.wanted, &old)
                .with_context(|| format!("cannot move {}", self.wanted.display()))?;
        }
        if let Err(error) = fs::rename(&self.aside, &self.wanted) {
            if replaced {
                let _ = fs::rename(&old, &self.wanted);
            }
            return Err(error).with_context(|| format!("cannot make {}", self.wanted.display()));
        }
        match (replaced, held) {
            (false, _) => Ok(()),
            (true, true) => remove(&old),
            (true, false) => fs::remove_dir(&old).with_context(|| format!("cannot remove {}", old.display())),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.aside);
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// A name for a folder beside `wanted` that nobody else has: one that is there is not ours to remove.
fn beside(wanted: &Path, what: &str) -> Result<PathBuf> {
    let name = wanted.file_name().with_context(|| format!("--out {} names no folder", wanted.display()))?;
    Ok(wanted.with_file_name(format!(".{}.{}.{what}", name.to_string_lossy(), new_uid())))
}

/// The files of an export. Refuses a folder in which something lies that the export did not write.
fn only_ours(folder: &Path) -> Result<Vec<PathBuf>> {
    let place = folder.display();
    let text =
        fs::read_to_string(folder.join(RECORD)).with_context(|| format!("reading {place}/{RECORD}"))?;
    let record: Value = serde_json::from_str(&text).with_context(|| format!("reading {place}/{RECORD}"))?;
    let known: Vec<&str> =
        record["files"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !known.iter().any(|known| name == *known) || !entry.file_type()?.is_file() {
            bail!(
                "{place} holds {}, which is no part of the export ({RECORD} lists its files): move it away, or name another \
                 folder with --out",
                name.display()
            );
        }
        files.push(entry.path());
    }
    Ok(files)
}

/// Removes an export, and nothing that came into its folder since it was looked at.
fn remove(export: &Path) -> Result<()> {
    let removed = only_ours(export).and_then(|files| {
        Ok(files.iter().try_for_each(fs::remove_file).and_then(|()| fs::remove_dir(export))?)
    });
    removed.with_context(|| format!("{} is what was replaced, and cannot be removed", export.display()))
}
