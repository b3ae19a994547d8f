//! The layouts of other tools, one file each.

pub(crate) mod activation;
mod bare;
mod clip_lab;
mod hf;
pub(crate) mod hf_clip;
pub(crate) mod hf_image;
pub(crate) mod hf_text;
mod layout;
mod location;
mod model_metadata;
mod open_clip;
pub(crate) mod open_clip_text;
pub(crate) mod open_clip_vision;
pub(crate) mod resnet;
mod shapes;
mod timm;
mod timm_vit;
mod two_towers;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};

pub(crate) use layout::Layout;

use crate::json;
use crate::source::{KerasResnet, TensorFile};

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
