//! Which files of a repository of the hub make a model.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clip_lab_hub::{Hub, Kind, Listed, Name, Repo};

use crate::source::parts;

/// Small files that say what the weights are.
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

/// Weights, best first. Of those with an index beside them the parts are fetched.
const WEIGHTS: &[&str] = &[
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
    "model.safetensors.index.json",
];

/// The folder that holds the model `hf:org/name[@revision]`, fetched if it is not there yet.
///
/// # Errors
/// When it is not cached and cannot be fetched, or holds no safetensors.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let name: Name = name.parse()?;
    ensure!(name.kind == Kind::Model, "{name} is a data set, and a model is wanted: hf:ORGANISATION/NAME");
    Repo::new(Hub::from_env()?, name).folder(&wanted)
}

/// The configuration and the best weights; of weights in parts, those that the index names once it is there.
fn wanted(folder: &Path, files: &[Listed]) -> Result<Vec<String>> {
    let has = |name: &&&str| files.iter().any(|file| file.name == **name);
    let Some(weights) = WEIGHTS.iter().find(has) else {
        bail!("it holds no safetensors, and weights in Python's pickle are never read");
    };
    let mut wanted: Vec<String> =
        CONFIGURATION.iter().filter(has).chain([weights]).map(|name| (*name).to_owned()).collect();
    let index = folder.join(weights);
    if weights.ends_with(".json") && index.exists() {
        wanted.extend(parts(&index)?);
    }
    Ok(wanted)
}
