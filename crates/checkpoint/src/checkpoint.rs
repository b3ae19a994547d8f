//! A checkpoint that `from` names, and what it says in the words of our plugins.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use toml::{Table, Value};

use crate::layouts::{self, Layout};
use crate::source::{is_pickle, pickle};
use crate::{Preprocess, Weights, hub, known};

/// One part of a checkpoint: the plugin that computes it, its settings, its weights.
#[derive(Debug, Clone)]
pub struct Import {
    /// Name of the plugin in the catalog.
    pub plugin: Cow<'static, str>,
    /// Settings, in the words of the plugin's own.
    pub settings: Table,
    /// Settings that the checkpoint does not tell and whose default would be a guess: the spec must give them.
    pub needs: Vec<&'static str>,
    /// Weights to load; none where there is nothing to load, as for a tokenizer.
    pub weights: Option<Weights>,
}

impl Import {
    /// A part whose settings are all known.
    pub(crate) fn new<const N: usize>(plugin: &'static str, settings: [(&str, Value); N]) -> Self {
        let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Self { plugin: plugin.into(), settings, needs: Vec::new(), weights: None }
    }

    /// The same with weights.
    pub(crate) fn with(self, weights: Weights) -> Self {
        Self { weights: Some(weights), ..self }
    }
}

/// A linear classifier on the image embedding, which only checkpoints of ours have.
#[derive(Debug, Clone)]
pub struct Classifier {
    /// Settings, in the words of `[model.classifier]`.
    pub settings: Table,
    /// What it tells apart, in the order of its answers.
    pub classes: Vec<String>,
    /// `weight`, `[C, D]`, and `bias`, `[C]`.
    pub weights: Weights,
}

/// A checkpoint, found and understood; no tensor is read yet.
pub struct Checkpoint(Box<dyn Layout>);

/// Opens what `from` names: a folder or `.safetensors` file (relative to the current folder), of another tool or of a
/// run of ours; `hf:org/name[@revision]`; or the name of known weights. Only configuration and headers are read; a
/// repository of the hub is fetched first if it is not cached.
///
/// # Errors
/// When it is not there, not understood, damaged or a pickle. Names what is, and what to do.
pub fn open(from: &str) -> Result<Checkpoint> {
    if let Some(layout) = known::open(from) {
        return Ok(Checkpoint(layout?));
    }
    if clip_lab_hub::is_name(from) {
        let folder = hub::folder(from)?;
        return Ok(Checkpoint(layouts::folder(&folder).with_context(|| from.to_owned())?));
    }
    let path = Path::new(from);
    if path.is_dir() {
        return Ok(Checkpoint(layouts::folder(path)?));
    }
    if is_pickle(path) {
        bail!(pickle(path));
    }
    if path.is_file() {
        return Ok(Checkpoint(layouts::bare(path)?));
    }
    bail!(known::stranger(from))
}

impl Checkpoint {
    /// The image tower, if it has one.
    ///
    /// # Errors
    /// When it has one that no plugin computes.
    pub fn image(&self) -> Result<Option<Import>> {
        self.0.image()
    }

    /// The text tower, if it has one.
    ///
    /// # Errors
    /// As [`Checkpoint::image`].
    pub fn text(&self) -> Result<Option<Import>> {
        self.0.text()
    }

    /// The projection of the image tower, if it has one.
    ///
    /// # Errors
    /// As [`Checkpoint::image`].
    pub fn image_projection(&self) -> Result<Option<Import>> {
        self.0.image_projection()
    }

    /// The projection of the text tower, if it has one.
    ///
    /// # Errors
    /// As [`Checkpoint::image`].
    pub fn text_projection(&self) -> Result<Option<Import>> {
        self.0.text_projection()
    }

    /// The tokenizer, if it says which.
    ///
    /// # Errors
    /// When its configuration cannot be read.
    pub fn tokenizer(&self) -> Result<Option<Import>> {
        self.0.tokenizer()
    }

    /// The classifier, if it has one.
    ///
    /// # Errors
    /// When what it says of it cannot be read.
    pub fn classifier(&self) -> Result<Option<Classifier>> {
        self.0.classifier()
    }

    /// The loss: `clip` with its scale, or `siglip` with scale and bias, as settings.
    ///
    /// # Errors
    /// When the scale cannot be read.
    pub fn loss(&self) -> Result<Option<Import>> {
        self.0.loss()
    }

    /// What pictures go through before the image tower, if it says so.
    ///
    /// # Errors
    /// When its configuration cannot be read or asks for what is not offered.
    pub fn preprocess(&self) -> Result<Option<Preprocess>> {
        self.0.preprocess()
    }

    /// What it was taken for and where it lies, in one line.
    pub fn describe(&self) -> String {
        self.0.describe()
    }
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checkpoint({})", self.describe())
    }
}
