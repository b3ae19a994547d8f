//! A checkpoint that `from` names, as plugins, settings and weights.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::layouts::{self, Layout};
use crate::source::{is_pickle, pickle};
use crate::{Classifier, Import, Preprocess, catalog, hub};

/// An opened checkpoint, whose tensors are not read yet.
pub struct Checkpoint(Box<dyn Layout>);

/// Opens the checkpoint that `from` names: a folder or `.safetensors` file (relative to the current folder), of another
/// tool or of a clip-lab run; `hf:org/name[@revision]`; or the name of cataloged weights. Reads only configuration and
/// headers; a hub repository is downloaded first if it is not cached.
///
/// # Errors
/// If it does not exist, is damaged, is a pickle, or has an unknown layout.
pub fn open(from: &str) -> Result<Checkpoint> {
    if let Some(layout) = catalog::open(from) {
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
    bail!(catalog::not_found(from))
}

impl Checkpoint {
    /// The image tower, if it has one.
    ///
    /// # Errors
    /// If no plugin supports it.
    pub fn image(&self) -> Result<Option<Import>> {
        self.0.image()
    }

    /// The text tower, if it has one.
    pub fn text(&self) -> Result<Option<Import>> {
        self.0.text()
    }

    /// The projection of the image tower, if it has one.
    pub fn image_projection(&self) -> Result<Option<Import>> {
        self.0.image_projection()
    }

    /// The projection of the text tower, if it has one.
    pub fn text_projection(&self) -> Result<Option<Import>> {
        self.0.text_projection()
    }

    /// The tokenizer, if it states one.
    ///
    /// # Errors
    /// If its configuration cannot be read.
    pub fn tokenizer(&self) -> Result<Option<Import>> {
        self.0.tokenizer()
    }

    /// The classifier, if it has one.
    ///
    /// # Errors
    /// If its metadata is invalid.
    pub fn classifier(&self) -> Result<Option<Classifier>> {
        self.0.classifier()
    }

    /// The loss: `clip` with its scale, or `siglip` with scale and bias, as settings.
    ///
    /// # Errors
    /// If the scale cannot be read.
    pub fn loss(&self) -> Result<Option<Import>> {
        self.0.loss()
    }

    /// The image preprocessing, if it states one.
    ///
    /// # Errors
    /// If its configuration cannot be read or is not supported.
    pub fn preprocess(&self) -> Result<Option<Preprocess>> {
        self.0.preprocess()
    }

    /// Layout and path, in one line.
    pub fn describe(&self) -> String {
        self.0.describe()
    }
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checkpoint({})", self.describe())
    }
}
