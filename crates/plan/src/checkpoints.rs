//! The checkpoints that a spec names, and the parts that it takes from them.

use std::{collections::BTreeMap, rc::Rc};

use anyhow::{Result, anyhow};
use clip_lab_checkpoint::{Checkpoint, Import, Weights, open};
use clip_lab_plugin_api::diagnostics::Place;

/// A part of a model that a checkpoint may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Image,
    Text,
    ImageProjection,
    TextProjection,
    Tokenizer,
    Loss,
}

impl Part {
    /// The table that the part fills.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Image => "model.image",
            Self::Text => "model.text",
            Self::ImageProjection => "model.image_projection",
            Self::TextProjection => "model.text_projection",
            Self::Tokenizer => "tokenizer",
            Self::Loss => "loss",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Image => "image encoder",
            Self::Text => "text encoder",
            Self::ImageProjection => "image projection",
            Self::TextProjection => "text projection",
            Self::Tokenizer => "tokenizer",
            Self::Loss => "loss",
        }
    }

    fn of(self, checkpoint: &Checkpoint) -> Result<Option<Import>> {
        match self {
            Self::Image => checkpoint.image(),
            Self::Text => checkpoint.text(),
            Self::ImageProjection => checkpoint.image_projection(),
            Self::TextProjection => checkpoint.text_projection(),
            Self::Tokenizer => checkpoint.tokenizer(),
            Self::Loss => checkpoint.loss(),
        }
    }
}

/// The import of `from`, besides the settings.
#[derive(Debug, Default)]
pub(super) struct Imported {
    /// The value of `from` and its place; none if it is not set.
    pub(super) from: Option<(String, Place)>,
    /// The weights; none for a part without weights.
    pub(super) weights: Option<Weights>,
}

/// Checkpoints by the value of `from`, each opened once.
#[derive(Default)]
pub(super) struct Checkpoints(BTreeMap<String, Rc<Result<Checkpoint>>>);

impl Checkpoints {
    fn open(&mut self, from: &str) -> Rc<Result<Checkpoint>> {
        self.0.entry(from.to_owned()).or_insert_with(|| Rc::new(open(from))).clone()
    }

    /// The `part` of the checkpoint `from`.
    pub(super) fn part(&mut self, from: &str, part: Part) -> Result<Import> {
        match self.open(from).as_ref() {
            Ok(checkpoint) => {
                part.of(checkpoint)?.ok_or_else(|| anyhow!("`{from}` holds no {}", part.label()))
            }
            Err(error) => Err(anyhow!("{error:#}")),
        }
    }

    /// The checkpoint's `[preprocess]` settings for a tower of `image_size` pixels.
    pub(super) fn preprocess(&mut self, from: &str, image_size: Option<i64>) -> Result<toml::Table, String> {
        let preprocess = match self.open(from).as_ref() {
            Ok(checkpoint) => checkpoint.preprocess().map_err(|error| format!("{error:#}"))?,
            Err(error) => return Err(format!("{error:#}")),
        };
        let Some(preprocess) = preprocess else { return Ok(toml::Table::new()) };
        let mut keys = preprocess.settings();
        // The resize margin before the crop applies only at the checkpoint's own image size.
        if preprocess.size != preprocess.crop && Some(preprocess.crop) == image_size {
            keys.insert("resized".into(), preprocess.size.into());
        }
        Ok(keys)
    }
}
