//! The safetensors files of a folder, as one source.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tch::{Kind, Tensor};

use super::{TensorFile, Tensors};

/// The prefix that PyTorch's distributed training adds to every name.
const WRAPPER: &str = "module.";

/// One or more safetensors files, with the prefix of distributed training removed.
pub(crate) struct Shards {
    place: PathBuf,
    files: Vec<TensorFile>,
    wrapper: &'static str,
}

impl Shards {
    /// Opens one file.
    pub fn file(path: &Path) -> Result<Self> {
        Self::new(path.to_owned(), vec![TensorFile::open(path)?])
    }

    /// Opens `STEM.safetensors` of a folder, or the shards listed in `STEM.safetensors.index.json`.
    pub fn folder(folder: &Path, stem: &str) -> Result<Self> {
        let whole = folder.join(format!("{stem}.safetensors"));
        if whole.exists() {
            return Self::file(&whole);
        }
        let index = folder.join(format!("{stem}.safetensors.index.json"));
        if !index.exists() {
            bail!(missing(folder, stem));
        }
        let files = shard_names(&index)?;
        let files = files.iter().map(|file| TensorFile::open(&folder.join(file)));
        Self::new(folder.to_owned(), files.collect::<Result<_>>()?)
    }

    fn new(place: PathBuf, files: Vec<TensorFile>) -> Result<Self> {
        let wrapped = files.iter().flat_map(TensorFile::names).all(|name| name.starts_with(WRAPPER));
        ensure!(files.iter().any(|file| !file.names().is_empty()), "{} holds no tensors", place.display());
        Ok(Self { place, files, wrapper: if wrapped { WRAPPER } else { "" } })
    }

    fn holder(&self, name: &str) -> Option<(&TensorFile, String)> {
        let full = format!("{}{name}", self.wrapper);
        self.files.iter().find(|file| file.shape(&full).is_some()).map(|file| (file, full))
    }

    fn found(&self, name: &str) -> Result<(&TensorFile, String)> {
        self.holder(name).with_context(|| format!("{} holds no tensor called `{name}`", self.place.display()))
    }
}

impl Tensors for Shards {
    fn names(&self) -> Vec<String> {
        let all: BTreeSet<String> = self.files.iter().flat_map(TensorFile::names).collect();
        all.iter().map(|name| name[self.wrapper.len()..].to_owned()).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<i64>> {
        let (file, full) = self.holder(name)?;
        file.shape(&full)
    }

    fn tensor(&self, name: &str) -> Result<Tensor> {
        let (file, full) = self.found(name)?;
        file.tensor(&full)
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        let (file, full) = self.holder(name)?;
        Tensors::kind(file, &full)
    }

    fn hash(&self, name: &str, hasher: &mut blake3::Hasher) -> Result<()> {
        let (file, full) = self.found(name)?;
        Tensors::hash(file, &full, hasher)
    }

    fn place(&self) -> &Path {
        &self.place
    }

    fn verify(&self) -> Result<()> {
        self.files.iter().try_for_each(TensorFile::verify)
    }
}

/// The file names in an index, sorted; each must be a plain name in the same folder.
pub(crate) fn shard_names(index: &Path) -> Result<BTreeSet<String>> {
    let value = crate::json::read(index)?;
    let map = value.get("weight_map").and_then(Value::as_object);
    let map = map.with_context(|| format!("{} has no `weight_map`", index.display()))?;
    let files: BTreeSet<String> = map.values().filter_map(Value::as_str).map(str::to_owned).collect();
    for file in &files {
        let plain = Path::new(file).components().count() == 1 && !file.starts_with('.');
        ensure!(
            plain && file.ends_with(".safetensors"),
            "{} names the invalid file `{file}`",
            index.display()
        );
    }
    Ok(files)
}

/// The error message for a folder without safetensors; mentions a pickle if there is one.
fn missing(folder: &Path, stem: &str) -> String {
    let pickles = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    match pickles.filter(|path| is_pickle(path)).min() {
        Some(path) => pickle(&path),
        None => format!("{} holds no {stem}.safetensors", folder.display()),
    }
}

/// Whether a file has an extension of Python pickles.
pub(crate) fn is_pickle(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("bin" | "pt" | "pth" | "ckpt" | "pkl"))
}

/// The error message for a pickle.
pub(crate) fn pickle(path: &Path) -> String {
    format!(
        "{} is a Python pickle, which can run arbitrary code when loaded, so it is never read. Convert it to \
         safetensors in Python: safetensors.torch.save_file(torch.load(FILE, weights_only=True), \
         \"model.safetensors\")",
        path.display()
    )
}
