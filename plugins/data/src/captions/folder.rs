//! Where things lie in a data set's folder.

use std::{
    collections::{HashMap, HashSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};

/// The list of captions: `said`, or the one that is there.
pub fn find_list(root: &Path, said: Option<&Path>) -> Result<PathBuf> {
    if let Some(said) = said {
        let file = root.join(said);
        ensure!(file.is_file(), "there is no list of captions at {}", file.display());
        return Ok(file);
    }
    let mut karpathy: Vec<OsString> = names(root)?.into_iter().filter(is_karpathy).collect();
    karpathy.sort();
    match karpathy.as_slice() {
        [] => {}
        [one] => return Ok(root.join(one)),
        several => bail!("{} holds {several:?}; say which with `file`", root.display()),
    }
    let plain = ["captions.txt", "captions.csv"].map(|name| root.join(name));
    plain.into_iter().find(|file| file.is_file()).with_context(|| {
        let wanted = "a dataset_*.json, captions.txt or captions.csv";
        format!("{} holds no list of captions ({wanted}); name it with `file`", root.display())
    })
}

fn is_karpathy(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("dataset_") && name.ends_with(".json"))
}

/// The folder of pictures: `said`, or the one that is there.
pub fn find_pictures(root: &Path, said: Option<&Path>) -> Result<PathBuf> {
    if let Some(said) = said {
        let folder = root.join(said);
        ensure!(folder.is_dir(), "there is no folder of pictures at {}", folder.display());
        return Ok(folder);
    }
    let usual = ["Images", "images"].map(|name| root.join(name));
    Ok(usual.into_iter().find(|folder| folder.is_dir()).unwrap_or_else(|| root.to_owned()))
}

fn names(folder: &Path) -> Result<HashSet<OsString>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("folder {} cannot be read", folder.display()))?;
    Ok(entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect())
}

/// Answers whether files exist with one listing for each folder: thousands of single questions take minutes on a
/// network disk.
pub struct Folder<'a> {
    root: &'a Path,
    listed: HashMap<PathBuf, HashSet<OsString>>,
}

impl<'a> Folder<'a> {
    /// Nothing is listed yet.
    pub fn new(root: &'a Path) -> Self {
        Self { root, listed: HashMap::new() }
    }

    /// Whether `file` is below the folder.
    pub fn holds(&mut self, file: &str) -> bool {
        let path = self.root.join(file);
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
        if !self.listed.contains_key(folder) {
            self.listed.insert(folder.to_owned(), names(folder).unwrap_or_default());
        }
        self.listed.get(folder).is_some_and(|names| names.contains(name))
    }
}
