//! Models in the layouts of other tools: the other direction of [`crate::open`], over the same tables of names.
//!
//! A layout is one file: what it can hold, the configuration that it wants, and which table its names come from.

mod clip;
mod hf;
mod open_clip;
mod part;
mod pictures;
mod pooled;
mod tokenizer;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tch::Tensor;

pub use part::Part;
pub use tokenizer::Vocabulary;

use crate::{Preprocess, save};

/// A whole model with its weights, in our words.
#[derive(Debug)]
pub struct Model {
    /// The image tower.
    pub image: Part,
    /// Its projection.
    pub image_projection: Part,
    /// The text tower.
    pub text: Part,
    /// Its projection.
    pub text_projection: Part,
    /// What makes ids of texts.
    pub tokens: Tokens,
    /// From a decoded picture to what the image tower sees.
    pub preprocess: Preprocess,
    /// Logarithm of what similarities are multiplied by.
    pub logit_scale: Option<f64>,
    /// What is added to them, for SigLIP's loss.
    pub logit_bias: Option<f64>,
}

/// A tokenizer.
#[derive(Debug)]
pub struct Tokens {
    /// The plugin.
    pub tokenizer: Part,
    /// The most tokens of a text.
    pub limit: usize,
    /// Tokens and merges of a tokenizer that no file holds: CLIP's.
    pub vocabulary: Option<Vocabulary>,
}

/// A layout that models are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Hugging Face transformers.
    HuggingFace,
    /// open_clip.
    OpenClip,
}

/// What is written: weights, and documents beside them.
#[derive(Debug, Default)]
pub struct Files {
    /// What the model is there, such as `CLIPModel`.
    pub kind: &'static str,
    /// Name of the file of weights.
    pub weights: &'static str,
    /// The weights.
    pub tensors: Vec<(String, Tensor)>,
    /// Names and contents of JSON files.
    pub documents: Vec<(&'static str, Value)>,
    /// What is lost, in sentences; embeddings are not touched by it.
    pub remarks: Vec<String>,
}

/// The model in a layout.
///
/// # Errors
/// When the layout cannot hold it: every reason, and what can.
pub fn export(model: &Model, format: Format) -> Result<Files> {
    match format {
        Format::HuggingFace => hf::files(model),
        Format::OpenClip => open_clip::files(model),
    }
}

/// What serves a TorchScript file: its tokenizer and preprocessing, as transformers reads them.
///
/// # Errors
/// When the tokenizer's file cannot be read.
pub fn beside(tokens: Option<&Tokens>, pictures: Option<&Preprocess>) -> Result<Vec<(&'static str, Value)>> {
    let mut documents = tokens.map(tokenizer::documents).transpose()?.unwrap_or_default();
    documents.extend(pictures.map(pictures::huggingface));
    Ok(documents)
}

impl Files {
    /// Writes everything into `folder`, which is there.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_documents(folder, &self.documents)?;
        let format = [("format".to_owned(), "pt".to_owned())]; // transformers refuses files that do not say it
        save(&folder.join(self.weights), &self.tensors, &format)
    }
}

/// Writes JSON files into `folder`.
///
/// # Errors
/// Those of the file system.
pub fn write_documents(folder: &Path, documents: &[(&'static str, Value)]) -> Result<()> {
    for (name, content) in documents {
        let (path, text) = (folder.join(name), serde_json::to_string_pretty(content)?);
        fs::write(&path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Fails with everything that stands in the way of `layout`.
fn allow(layout: &str, obstacles: &[String]) -> Result<()> {
    if obstacles.is_empty() {
        return Ok(());
    }
    bail!(
        "{layout} cannot hold this model:\n  {}\n--format torchscript holds every model",
        obstacles.join("\n  ")
    )
}
