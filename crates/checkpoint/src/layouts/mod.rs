//! The layouts of other tools, one file each.

mod bare;
mod clip_lab;
mod hf;
pub(crate) mod hf_clip;
pub(crate) mod hf_image;
pub(crate) mod hf_text;
mod open_clip;
pub(crate) mod open_clip_text;
pub(crate) mod open_clip_vision;
pub(crate) mod resnet;
mod shapes;
mod stated;
mod timm;
mod timm_vit;
mod two_towers;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};

pub(crate) use shapes::grid;

use crate::json;
use crate::source::{KerasResnet, TensorFile, Tensors};
use crate::{Classifier, Import, Preprocess};

/// A checkpoint in some tool's layout. What it does not have is none.
pub(crate) trait Layout: Send + Sync {
    /// As [`crate::Checkpoint::image`].
    fn image(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::text`].
    fn text(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::image_projection`].
    fn image_projection(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::text_projection`].
    fn text_projection(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::tokenizer`].
    fn tokenizer(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::classifier`].
    fn classifier(&self) -> Result<Option<Classifier>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::loss`].
    fn loss(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::preprocess`].
    fn preprocess(&self) -> Result<Option<Preprocess>> {
        Ok(None)
    }
    /// What it was taken for and where it lies, in one line.
    fn describe(&self) -> String;
}

/// Opens a folder by the configuration that lies in it.
pub(crate) fn folder(folder: &Path) -> Result<Box<dyn Layout>> {
    if let Some(file) = clip_lab::checkpoint(folder) {
        return bare(&file);
    }
    if let Some(config) = json::read_if_there(&folder.join("open_clip_config.json"))?
        && let Some(stem) = open_clip::stem(folder)
    {
        return Ok(Box::new(open_clip::OpenClip::open(folder, stem, config)?));
    }
    match json::read_if_there(&folder.join("config.json"))? {
        Some(config) if config["architecture"].is_string() => Ok(Box::new(timm::Timm::open(folder, config)?)),
        Some(config) if config["model_type"].is_string() => {
            Ok(Box::new(hf::HuggingFace::open(folder, config)?))
        }
        Some(_) => bail!(
            "{}: neither `model_type` (Hugging Face) nor `architecture` (timm) is there",
            folder.join("config.json").display()
        ),
        None => bail!(
            "{} holds no checkpoint: expected is a config.json (Hugging Face, timm) or an open_clip_config.json, each \
             with its .safetensors beside it, or the last.safetensors of a run",
            folder.display()
        ),
    }
}

/// Opens a safetensors file: one of ours by what it says, others by the names of their tensors.
pub(crate) fn bare(file: &Path) -> Result<Box<dyn Layout>> {
    let opened = TensorFile::open(file)?;
    if clip_lab::is_ours(&opened) {
        return Ok(Box::new(clip_lab::ClipLab::open(opened)?));
    }
    Ok(Box::new(bare::Bare::open(file)?))
}

/// Opens the ResNet-50 of Keras.
pub(crate) fn keras(folder: &Path) -> Result<Box<dyn Layout>> {
    Ok(Box::new(timm::Keras(Arc::new(KerasResnet::open(folder)?), folder.to_owned())))
}

/// What stands before `probe` in the names, the shortest if there are several; only names that begin with `within`
/// count.
fn prefix(tensors: &dyn Tensors, within: &str, probe: &str) -> Option<String> {
    let names = tensors.names();
    let prefixes =
        names.iter().filter(|name| name.starts_with(within)).filter_map(|name| name.strip_suffix(probe));
    let whole = prefixes.filter(|prefix| prefix.is_empty() || prefix.ends_with('.'));
    whole.min_by_key(|prefix| prefix.len()).map(str::to_owned)
}
