//! timm's layout: `config.json` with `architecture` and `pretrained_cfg`, and `model.safetensors`. Also the ResNet-50
//! of Keras, which is exposed under timm's names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};
use clip_lab_plugin_api::{Interpolation, Resize};
use serde_json::Value;

use super::timm_vit::{self, Hints, pool};
use super::{Layout, resnet};
use crate::Import;
use crate::preprocess::{IMAGENET, Preprocess, cropped_from, interpolation};
use crate::source::{Shards, Tensors};

/// Prefixes of classification heads.
const HEADS: &[&str] = &["fc.", "head."];

pub(super) struct Timm {
    folder: PathBuf,
    config: Value,
    tensors: Arc<dyn Tensors>,
}

impl Timm {
    pub fn open(folder: &Path, config: Value) -> Result<Self> {
        let tensors = Arc::new(Shards::folder(folder, "model")?);
        Ok(Self { folder: folder.to_owned(), config, tensors })
    }

    fn architecture(&self) -> &str {
        self.config["architecture"].as_str().unwrap_or_default()
    }

    /// Side of the square input images.
    fn size(&self) -> Option<i64> {
        let pretrained = &self.config["pretrained_cfg"]["input_size"][1];
        pretrained.as_i64().or_else(|| self.config["model_args"]["img_size"].as_i64())
    }
}

impl Layout for Timm {
    fn image(&self) -> Result<Option<Import>> {
        let args = &self.config["model_args"];
        let name = args["global_pool"].as_str().or_else(|| self.config["global_pool"].as_str());
        let hints =
            Hints { architecture: self.architecture(), heads: args["num_heads"].as_i64(), pool: pool(name) };
        tower(&self.tensors, "", &hints, self.size()).map(Some)
    }

    fn preprocess(&self) -> Result<Option<Preprocess>> {
        let config = &self.config["pretrained_cfg"];
        let Some(crop) = self.size() else { return Ok(None) };
        let per_channel = |key: &str, default| serde_json::from_value(config[key].clone()).unwrap_or(default);
        let squash = config["crop_mode"].as_str() == Some("squash");
        Ok(Some(Preprocess {
            mean: per_channel("mean", IMAGENET.0),
            std: per_channel("std", IMAGENET.1),
            resize: if squash { Resize::Squash } else { Resize::Shortest },
            interpolation: interpolation(config["interpolation"].as_str(), &self.folder)?,
            size: cropped_from(crop, config["crop_pct"].as_f64().unwrap_or(0.875)),
            crop,
        }))
    }

    fn describe(&self) -> String {
        format!("timm {} in {}", self.architecture(), self.folder.display())
    }
}

/// A tower with timm's names below `prefix`: a ViT or a ResNet.
pub(super) fn tower(
    tensors: &Arc<dyn Tensors>,
    prefix: &str,
    hints: &Hints,
    size: Option<i64>,
) -> Result<Import> {
    let has = |name: &str| tensors.has(&format!("{prefix}{name}"));
    if has("patch_embed.proj.weight") && has("blocks.0.attn.qkv.weight") {
        return timm_vit::read(tensors, prefix, hints, &[]);
    }
    if !has("layer1.0.conv1.weight") {
        let file = tensors.place().display();
        bail!("{file}: timm's `{}` is not supported, only its ViTs and ResNets", hints.architecture);
    }
    let mut import = resnet::read(tensors, prefix, HEADS)?;
    if let Some(size) = size {
        import.settings.insert("image_size".into(), size.into());
    }
    Ok(import)
}

/// ResNet-50 of Keras (v1: stride in the first 1x1 convolution; epsilon 1e-3).
pub(super) struct Keras(pub Arc<dyn Tensors>, pub PathBuf);

impl Layout for Keras {
    fn image(&self) -> Result<Option<Import>> {
        let mut import = resnet::read(&self.0, "", HEADS)?;
        let more: [(&str, toml::Value); 3] =
            [("image_size", 224.into()), ("stride_in", "1x1".into()), ("bn_eps", 1e-3.into())];
        import.settings.extend(more.map(|(key, value)| (key.to_owned(), value)));
        Ok(Some(import))
    }

    /// Keras subtracts ImageNet's mean from pixels of 0 to 255 and does not divide; converted to pixels of 0 to 1.
    fn preprocess(&self) -> Result<Option<Preprocess>> {
        let mean = [123.68, 116.779, 103.939].map(|value| value / 255.0);
        let plain = Preprocess::plain((mean, [1.0 / 255.0; 3]), 224);
        Ok(Some(Preprocess { interpolation: Interpolation::Bilinear, size: 256, ..plain }))
    }

    fn describe(&self) -> String {
        format!("Keras ResNet-50 in {}", self.1.display())
    }
}
