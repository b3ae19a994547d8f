//! The folder of an export: whole or not at all.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

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
        }
        let name =
            wanted.file_name().with_context(|| format!("--out {place} names no folder"))?.to_string_lossy();
        let aside = wanted.with_file_name(format!(".{name}.partial"));
        clear(&aside)?;
        fs::create_dir_all(&aside).with_context(|| format!("cannot make {}", aside.display()))?;
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
        let old = self.aside.with_extension("old");
        clear(&old)?;
        let replaced = self.wanted.exists();
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
        clear(&old)
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

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
