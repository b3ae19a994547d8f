//! Exports models to the layouts of other tools: the inverse of [`crate::open`], with the same name tables.
//!
//! A layout is one file: its requirements, its configuration, and its name table.

mod clip;
mod hf;
mod open_clip;
mod part;
mod pooled;
mod preprocessing;
mod tokenizer;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tch::Tensor;

pub use part::Part;
pub use tokenizer::Vocabulary;

use crate::{Preprocess, save};

/// A two-tower model with its weights.
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
    /// The tokenizer.
    pub tokens: Tokens,
    /// The image preprocessing.
    pub preprocess: Preprocess,
    /// Logarithm of the logit scale.
    pub logit_scale: Option<f64>,
    /// Logit bias of SigLIP's loss.
    pub logit_bias: Option<f64>,
}

/// A tokenizer.
#[derive(Debug)]
pub struct Tokens {
    /// The plugin.
    pub tokenizer: Part,
    /// Maximum number of tokens of a text.
    pub limit: usize,
    /// Tokens and merges of a tokenizer without a file: CLIP's.
    pub vocabulary: Option<Vocabulary>,
}

/// An export layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Hugging Face transformers.
    HuggingFace,
    /// open_clip.
    OpenClip,
}

/// The exported files: weights and configuration.
#[derive(Debug, Default)]
pub struct Files {
    /// The kind of model in that tool, such as `CLIPModel`.
    pub kind: &'static str,
    /// Name of the weights file.
    pub weights: &'static str,
    /// The weights.
    pub tensors: Vec<(String, Tensor)>,
    /// Names and contents of JSON files.
    pub documents: Vec<(&'static str, Value)>,
    /// Remarks on what the layout does not support; embeddings are not affected.
    pub remarks: Vec<String>,
}

/// Converts a model to a layout.
///
/// # Errors
/// If the layout does not support it, with all reasons.
pub fn export(model: &Model, format: Format) -> Result<Files> {
    match format {
        Format::HuggingFace => hf::files(model),
        Format::OpenClip => open_clip::files(model),
    }
}

/// The files beside a TorchScript module: tokenizer and preprocessing, in the format of transformers.
///
/// # Errors
/// If the tokenizer's file cannot be read.
pub fn beside(
    tokens: Option<&Tokens>,
    preprocess: Option<&Preprocess>,
) -> Result<Vec<(&'static str, Value)>> {
    let mut documents = tokens.map(tokenizer::documents).transpose()?.unwrap_or_default();
    documents.extend(preprocess.map(preprocessing::huggingface));
    Ok(documents)
}

impl Files {
    /// Writes all files to an existing `folder`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_documents(folder, &self.documents)?;
        let format = [("format".to_owned(), "pt".to_owned())]; // required by transformers
        save(&folder.join(self.weights), &self.tensors, &format)
    }
}

/// Writes JSON files to `folder`.
///
/// # Errors
/// If a file cannot be written.
pub fn write_documents(folder: &Path, documents: &[(&'static str, Value)]) -> Result<()> {
    for (name, content) in documents {
        let (path, text) = (folder.join(name), serde_json::to_string_pretty(content)?);
        fs::write(&path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Fails if the model has conflicts with `layout`, and lists them.
fn check_supported(layout: &str, conflicts: &[String]) -> Result<()> {
    if conflicts.is_empty() {
        return Ok(());
    }
    bail!(
        "{layout} does not support this model:\n  {}\n--format torchscript supports every model",
        conflicts.join("\n  ")
    )
}
