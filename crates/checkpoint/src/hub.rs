//! Selects the files of a model in a hub repository.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clip_lab_hub::{Hub, Kind, Name, Repo, RepoFile};

use crate::source::shard_names;

/// Configuration files of models.
const CONFIGURATION: &[&str] = &[
    "config.json",
    "open_clip_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "sentence_bert_config.json",
    "modules.json",
    "1_Pooling/config.json",
];

/// Weight files, by preference. For an index, its shards are downloaded.
const WEIGHTS: &[&str] = &[
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
    "model.safetensors.index.json",
];

/// The local folder of the model `hf:org/name[@revision]`, downloaded if it is not cached.
///
/// # Errors
/// If it is not cached and cannot be downloaded, or holds no safetensors.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let name: Name = name.parse()?;
    ensure!(name.kind == Kind::Model, "{name} is a data set, not a model (hf:ORGANISATION/NAME)");
    Repo::new(Hub::from_env()?, name).folder(&required_files)
}

/// The configuration and the preferred weights; for sharded weights, the shards once the index is downloaded.
fn required_files(folder: &Path, files: &[RepoFile]) -> Result<Vec<String>> {
    let has = |name: &&&str| files.iter().any(|file| file.name == **name);
    let Some(weights) = WEIGHTS.iter().find(has) else {
        bail!("it holds no safetensors, and Python pickles are never read");
    };
    let mut required: Vec<String> =
        CONFIGURATION.iter().filter(has).chain([weights]).map(|name| (*name).to_owned()).collect();
    let index = folder.join(weights);
    if weights.ends_with(".json") && index.exists() {
        required.extend(shard_names(&index)?);
    }
    Ok(required)
}
