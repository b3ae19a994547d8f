//! open_clip's layout: `open_clip_config.json` and `open_clip_model.safetensors`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clip_lab_plugin_api::Resize;
use serde_json::Value;

use super::{Layout, open_clip_text, open_clip_vision, two_towers};
use crate::preprocess::{self, CLIP, Preprocess};
use crate::source::{Shards, Tensors};
use crate::{Import, json};

/// Names of the weights, by preference.
const STEMS: [&str; 2] = ["open_clip_model", "open_clip_pytorch_model"];

pub(super) struct OpenClip {
    folder: PathBuf,
    model: Value,
    preprocess: Value,
    tensors: Arc<dyn Tensors>,
}

/// The file stem of the weights in a folder. None if only Hugging Face weights are beside the configuration.
pub(super) fn stem(folder: &Path) -> Option<&'static str> {
    let exists = |stem: &str| {
        let extensions = ["safetensors", "safetensors.index.json"];
        extensions.iter().any(|extension| folder.join(format!("{stem}.{extension}")).exists())
    };
    let found = STEMS.into_iter().find(|stem| exists(stem));
    // Without any weights, the error message names open_clip's.
    found.or_else(|| (!exists("model")).then_some(STEMS[0]))
}

impl OpenClip {
    pub fn open(folder: &Path, stem: &str, config: Value) -> Result<Self> {
        let tensors = Arc::new(Shards::folder(folder, stem)?);
        let (model, preprocess) = (config["model_cfg"].clone(), config["preprocess_cfg"].clone());
        Ok(Self { folder: folder.to_owned(), model, preprocess, tensors })
    }

    fn quick(&self) -> bool {
        self.model["quick_gelu"].as_bool().unwrap_or(false)
    }
}

impl Layout for OpenClip {
    fn image(&self) -> Result<Option<Import>> {
        open_clip_vision::tower(&self.tensors, &self.model["vision_cfg"], self.quick()).map(Some)
    }

    fn image_projection(&self) -> Result<Option<Import>> {
        open_clip_vision::projection(&self.tensors)
    }

    fn text(&self) -> Result<Option<Import>> {
        open_clip_text::tower(&self.tensors, &self.model["text_cfg"], self.quick()).map(Some)
    }

    fn text_projection(&self) -> Result<Option<Import>> {
        open_clip_text::projection(&self.tensors)
    }

    fn tokenizer(&self) -> Result<Option<Import>> {
        let text = &self.model["text_cfg"];
        let context = text["context_length"].as_i64().unwrap_or(77);
        if text["hf_tokenizer_name"].is_null() {
            return Ok(Some(Import::new("clip_bpe", [("max_tokens", context.into())])));
        }
        let path = self.folder.join("tokenizer.json");
        let settings = || [("path", path.display().to_string().into()), ("max_tokens", context.into())];
        Ok(path.exists().then(|| Import::new("huggingface", settings())))
    }

    fn loss(&self) -> Result<Option<Import>> {
        two_towers::loss(&*self.tensors)
    }

    fn preprocess(&self) -> Result<Option<Preprocess>> {
        let place = self.folder.join("open_clip_config.json");
        let PreprocessConfig { mean, std, interpolation, resize_mode, size } = match &self.preprocess {
            Value::Null => PreprocessConfig::default(),
            config => json::take(config, &format!("{}: preprocess_cfg", place.display()))?,
        };
        let side = |value: &Value| value.as_i64().or_else(|| value[0].as_i64());
        let size = side(&size).or_else(|| side(&self.model["vision_cfg"]["image_size"])).unwrap_or(224);
        let plain = Preprocess::plain((mean.unwrap_or(CLIP.0), std.unwrap_or(CLIP.1)), size);
        let resize = match resize_mode.as_deref() {
            None | Some("shortest") => Resize::Shortest,
            Some("squash") => Resize::Squash,
            Some(other) => anyhow::bail!("{}: resize_mode `{other}` is not supported", place.display()),
        };
        let interpolation = preprocess::interpolation(interpolation.as_deref(), &place)?;
        Ok(Some(Preprocess { resize, interpolation, ..plain }))
    }

    fn describe(&self) -> String {
        format!("open_clip model in {}", self.folder.display())
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct PreprocessConfig {
    mean: Option<[f64; 3]>,
    std: Option<[f64; 3]>,
    interpolation: Option<String>,
    resize_mode: Option<String>,
    size: Value,
}
