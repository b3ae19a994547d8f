//! A folder in Hugging Face's layout: `config.json` with `model_type`, `model.safetensors`, and optionally
//! `preprocessor_config.json`, `tokenizer.json` and the pooling of sentence transformers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};
use serde_json::Value;

use super::location::TowerLocation;
use super::{Layout, hf_image, hf_text, two_towers};
use crate::preprocess::{self, Preprocess};
use crate::rename::Row;
use crate::source::{Shards, Tensors};
use crate::{Import, json};

const IMAGE_PROJECTION: &[Row] =
    &[("weight", "visual_projection.weight"), ("bias", "visual_projection.bias")];
const TEXT_PROJECTION: &[Row] = &[("weight", "text_projection.weight"), ("bias", "text_projection.bias")];
/// Prefixes of tensors that belong to no tower.
const HEADS: [&str; 3] = ["visual_projection.", "text_projection.", "logit_scale"];

pub(super) struct HuggingFace {
    folder: PathBuf,
    config: Value,
    tensors: Arc<dyn Tensors>,
}

impl HuggingFace {
    pub fn open(folder: &Path, config: Value) -> Result<Self> {
        let kind = config["model_type"].as_str().unwrap_or_default();
        let whole = matches!(kind, "clip" | "vision-text-dual-encoder");
        if !whole && !hf_image::is_image(kind) && !hf_text::is_text(kind) {
            bail!(
                "{}: models of the type `{kind}` are not supported; supported are vit, resnet, bert, distilbert, clip and \
                 vision-text-dual-encoder",
                folder.join("config.json").display()
            );
        }
        let tensors = Arc::new(Shards::folder(folder, "model")?);
        Ok(Self { folder: folder.to_owned(), config, tensors })
    }

    fn kind(&self) -> &str {
        self.config["model_type"].as_str().unwrap_or_default()
    }

    /// The configuration of one tower: part of a two-tower model's, or the whole.
    fn tower(&self, part: &str, alone: fn(&str) -> bool) -> Option<Value> {
        if alone(self.kind()) {
            return Some(self.config.clone());
        }
        let mut config = self.config.get(part)?.clone();
        // Old configurations of CLIP do not state the type of each tower.
        if self.kind() == "clip" {
            let kind = if part == "vision_config" { "clip_vision_model" } else { "clip_text_model" };
            config["model_type"] = kind.into();
        }
        Some(config)
    }

    fn place<'a>(&'a self, within: &'a str, others: &'a [&'a str]) -> TowerLocation<'a> {
        let whole = matches!(self.kind(), "clip" | "vision-text-dual-encoder");
        let within = if whole { within } else { "" };
        TowerLocation {
            tensors: &self.tensors,
            within,
            others,
            pooler: self.kind() == "vision-text-dual-encoder",
        }
    }

    /// The maximum length of the tokenizer, from the configuration of sentence transformers or transformers.
    fn max_tokens(&self) -> Result<Option<i64>> {
        let sentences = json::read_if_exists(&self.folder.join("sentence_bert_config.json"))?;
        let limit = sentences.and_then(|config| config["max_seq_length"].as_i64());
        let tokenizer = json::read_if_exists(&self.folder.join("tokenizer_config.json"))?;
        let limit = limit.or_else(|| tokenizer?["model_max_length"].as_i64());
        // transformers writes a huge number for "no limit"; the tower's context length is the limit then.
        let tower = self.tower("text_config", hf_text::is_text);
        let context = tower.and_then(|config| config["max_position_embeddings"].as_i64());
        Ok(limit.filter(|limit| context.is_none_or(|context| *limit <= context)))
    }

    /// The pooling of sentence transformers, if it is configured.
    fn sentence_pool(&self) -> Result<Option<&'static str>> {
        let path = self.folder.join("1_Pooling/config.json");
        let Some(config) = json::read_if_exists(&path)? else { return Ok(None) };
        let is = |mode: &str| config[format!("pooling_mode_{mode}")].as_bool() == Some(true);
        match (is("mean_tokens"), is("cls_token")) {
            (true, false) => Ok(Some("mean")),
            (false, true) => Ok(Some("cls")),
            _ => {
                bail!("{}: pooling must be either the mean or the first token", path.display())
            }
        }
    }
}

impl Layout for HuggingFace {
    fn image(&self) -> Result<Option<Import>> {
        let Some(config) = self.tower("vision_config", hf_image::is_image) else { return Ok(None) };
        let others = [&HEADS[..], &["text_model."]].concat();
        let mut import = hf_image::read(&config, &self.place("vision_model.", &others))?;
        // A ResNet's configuration has no image size; that of the preprocessor has.
        if let (false, Some(preprocess)) = (import.settings.contains_key("image_size"), self.preprocess()?) {
            import.settings.insert("image_size".into(), preprocess.crop.into());
        }
        Ok(Some(import))
    }

    fn text(&self) -> Result<Option<Import>> {
        let Some(config) = self.tower("text_config", hf_text::is_text) else { return Ok(None) };
        let others = [&HEADS[..], &["vision_model."]].concat();
        let place = self.place("text_model.", &others);
        hf_text::read(&config, &place, self.sentence_pool()?).map(Some)
    }

    fn image_projection(&self) -> Result<Option<Import>> {
        two_towers::linear(&self.tensors, "visual_projection", IMAGE_PROJECTION)
    }

    fn text_projection(&self) -> Result<Option<Import>> {
        two_towers::linear(&self.tensors, "text_projection", TEXT_PROJECTION)
    }

    fn tokenizer(&self) -> Result<Option<Import>> {
        let path = self.folder.join("tokenizer.json");
        if !path.exists() {
            return Ok(None);
        }
        let mut import = Import::new("huggingface", [("path", path.display().to_string().into())]);
        if let Some(limit) = self.max_tokens()? {
            import.settings.insert("max_tokens".into(), limit.into());
        }
        Ok(Some(import))
    }

    fn loss(&self) -> Result<Option<Import>> {
        two_towers::loss(&*self.tensors)
    }

    fn preprocess(&self) -> Result<Option<Preprocess>> {
        let path = self.folder.join("preprocessor_config.json");
        let config = json::read_if_exists(&path)?;
        config.map(|config| preprocess::huggingface(&config, &path)).transpose()
    }

    fn describe(&self) -> String {
        format!("Hugging Face {} in {}", self.kind(), self.folder.display())
    }
}
