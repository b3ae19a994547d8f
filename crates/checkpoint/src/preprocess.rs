//! Image preprocessing of a checkpoint.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use clip_lab_plugin_api::{Interpolation, Resize};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toml::Table;

/// Mean and standard deviation of ImageNet.
pub(crate) const IMAGENET: ([f64; 3], [f64; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
/// Mean and standard deviation of OpenAI's CLIP.
pub(crate) const CLIP: ([f64; 3], [f64; 3]) =
    ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]);

/// Resizing, cropping and normalisation of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocess {
    /// Mean of each channel (RGB, 0 to 1), subtracted.
    pub mean: [f64; 3],
    /// Standard deviation of each channel, divided by.
    pub std: [f64; 3],
    /// How a non-square image is resized.
    pub resize: Resize,
    /// Interpolation method.
    pub interpolation: Interpolation,
    /// Side in pixels after resizing: the shorter one, or both.
    pub size: i64,
    /// Side in pixels of the centre crop, the tower's input.
    pub crop: i64,
}

impl Preprocess {
    /// The settings of a spec's `[preprocess]`: `mean`, `std`, `resize`, `interpolation`.
    pub fn settings(&self) -> Table {
        let mut table = Table::try_from(self).unwrap_or_default();
        table.retain(|key, _| !matches!(key, "size" | "crop"));
        table
    }

    /// Bicubic resize of the shorter side, then a centre crop of the same size.
    pub(crate) fn plain((mean, std): ([f64; 3], [f64; 3]), size: i64) -> Self {
        Self { mean, std, resize: Resize::Shortest, interpolation: Interpolation::Bicubic, size, crop: size }
    }
}

/// Reads Hugging Face's `preprocessor_config.json`.
///
/// # Errors
/// If it is not supported.
pub(crate) fn huggingface(config: &Value, place: &Path) -> Result<Preprocess> {
    let kind =
        ["image_processor_type", "feature_extractor_type"].iter().find_map(|key| config[*key].as_str());
    let kind = kind.unwrap_or_default();
    let (resize, size) = size(config, kind, place)?;
    let crop = match config["do_center_crop"].as_bool().unwrap_or(kind.contains("CLIP")) {
        true => side(&config["crop_size"]).unwrap_or(size),
        false => size,
    };
    let normalised = config["do_normalize"].as_bool().unwrap_or(true);
    let per_channel = |key: &str, default: f64| match normalised {
        true => serde_json::from_value(config[key].clone()).unwrap_or([default; 3]),
        false => [default; 3],
    };
    let (mean, std) = (per_channel("image_mean", 0.0), per_channel("image_std", 1.0));
    let interpolation = resample(&config["resample"], place)?;
    let plain = Preprocess { mean, std, resize, interpolation, size, crop };
    Ok(if kind.contains("ConvNext") { convnext(plain, config) } else { plain })
}

/// Reads `size`, the resize mode and side: a number, `{height, width}` or `{shortest_edge}`.
fn size(config: &Value, kind: &str, place: &Path) -> Result<(Resize, i64)> {
    let value = &config["size"];
    if let Some(shortest) = value["shortest_edge"].as_i64() {
        return Ok((Resize::Shortest, shortest));
    }
    if let (Some(height), Some(width)) = (value["height"].as_i64(), value["width"].as_i64()) {
        ensure!(
            height == width,
            "{}: images of {width}x{height} are not supported, only squares",
            place.display()
        );
        return Ok((Resize::Squash, height));
    }
    let how =
        if kind.contains("CLIP") || kind.contains("ConvNext") { Resize::Shortest } else { Resize::Squash };
    Ok((how, value.as_i64().unwrap_or(224)))
}

/// ConvNeXt's processor, also of ResNets: a centre crop below 384 pixels, else a resize without crop.
fn convnext(plain: Preprocess, config: &Value) -> Preprocess {
    let crop = plain.size;
    if crop >= 384 {
        return Preprocess { resize: Resize::Squash, crop, ..plain };
    }
    let share = config["crop_pct"].as_f64().unwrap_or(224.0 / 256.0);
    Preprocess { resize: Resize::Shortest, size: cropped_from(crop, share), crop, ..plain }
}

/// The side of the image of which `crop` pixels are the share `share`.
pub(crate) fn cropped_from(crop: i64, share: f64) -> i64 {
    (crop as f64 / share + 1e-9).floor() as i64
}

fn side(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value["height"].as_i64())
}

/// Reads Pillow's resampling number.
fn resample(value: &Value, place: &Path) -> Result<Interpolation> {
    match value.as_i64() {
        None | Some(2) => Ok(Interpolation::Bilinear),
        Some(3) => Ok(Interpolation::Bicubic),
        Some(other) => {
            bail!("{}: resample = {other}: must be 2 (bilinear) or 3 (bicubic)", place.display())
        }
    }
}

/// Reads the interpolation of timm and open_clip; `random` is drawn in their training.
///
/// # Errors
/// If it is not supported.
pub(crate) fn interpolation(name: Option<&str>, place: &Path) -> Result<Interpolation> {
    match name {
        None | Some("bicubic" | "random") => Ok(Interpolation::Bicubic),
        Some("bilinear") => Ok(Interpolation::Bilinear),
        Some(other) => {
            bail!("{}: interpolation `{other}`: must be bicubic or bilinear", place.display())
        }
    }
}
