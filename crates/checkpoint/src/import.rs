//! The parts of a checkpoint, as plugins, settings and weights.

use std::borrow::Cow;

use toml::{Table, Value};

use crate::Weights;

/// One part of a checkpoint: the plugin that computes it, its settings, its weights.
#[derive(Debug, Clone)]
pub struct Import {
    /// Name of the plugin in the catalog.
    pub plugin: Cow<'static, str>,
    /// Settings of the plugin.
    pub settings: Table,
    /// Settings that the checkpoint does not state and that have no safe default: the spec must set them.
    pub needs: Vec<&'static str>,
    /// Weights; none for a part without weights, such as a tokenizer.
    pub weights: Option<Weights>,
}

impl Import {
    /// A part without missing settings.
    pub(crate) fn new<const N: usize>(plugin: &'static str, settings: [(&str, Value); N]) -> Self {
        let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Self { plugin: plugin.into(), settings, needs: Vec::new(), weights: None }
    }

    /// Adds weights.
    pub(crate) fn with(self, weights: Weights) -> Self {
        Self { weights: Some(weights), ..self }
    }
}

/// A linear classifier on the image embedding, which only clip-lab's checkpoints have.
#[derive(Debug, Clone)]
pub struct Classifier {
    /// Settings of `[model.classifier]`.
    pub settings: Table,
    /// Classes, in the order of the logits.
    pub classes: Vec<String>,
    /// `weight`, `[C, D]`, and `bias`, `[C]`.
    pub weights: Weights,
}
