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

/// A checkpoint in a tool's layout. Parts that it does not have are none.
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
    /// Layout and path, in one line.
    fn describe(&self) -> String;
}

/// Opens a folder by its configuration file.
pub(crate) fn folder(folder: &Path) -> Result<Box<dyn Layout>> {
    if let Some(file) = clip_lab::checkpoint(folder) {
        return bare(&file);
    }
    if let Some(config) = json::read_if_exists(&folder.join("open_clip_config.json"))?
        && let Some(stem) = open_clip::stem(folder)
    {
        return Ok(Box::new(open_clip::OpenClip::open(folder, stem, config)?));
    }
    match json::read_if_exists(&folder.join("config.json"))? {
        Some(config) if config["architecture"].is_string() => Ok(Box::new(timm::Timm::open(folder, config)?)),
        Some(config) if config["model_type"].is_string() => {
            Ok(Box::new(hf::HuggingFace::open(folder, config)?))
        }
        Some(_) => bail!(
            "{}: has neither `model_type` (Hugging Face) nor `architecture` (timm)",
            folder.join("config.json").display()
        ),
        None => bail!(
            "{} holds no checkpoint: expected a config.json (Hugging Face, timm) or an open_clip_config.json with its \
             .safetensors beside it, or the last.safetensors of a run",
            folder.display()
        ),
    }
}

/// Opens a safetensors file: a clip-lab checkpoint by its metadata, others by their tensor names.
pub(crate) fn bare(file: &Path) -> Result<Box<dyn Layout>> {
    let opened = TensorFile::open(file)?;
    if clip_lab::is_clip_lab(&opened) {
        return Ok(Box::new(clip_lab::ClipLab::open(opened)?));
    }
    Ok(Box::new(bare::Bare::open(file)?))
}

/// Opens the ResNet-50 of Keras.
pub(crate) fn keras(folder: &Path) -> Result<Box<dyn Layout>> {
    Ok(Box::new(timm::Keras(Arc::new(KerasResnet::open(folder)?), folder.to_owned())))
}

/// The prefix of `probe` in the tensor names that begin with `within`; the shortest if there are several.
fn prefix(tensors: &dyn Tensors, within: &str, probe: &str) -> Option<String> {
    let names = tensors.names();
    let prefixes =
        names.iter().filter(|name| name.starts_with(within)).filter_map(|name| name.strip_suffix(probe));
    let whole = prefixes.filter(|prefix| prefix.is_empty() || prefix.ends_with('.'));
    whole.min_by_key(|prefix| prefix.len()).map(str::to_owned)
}
