//! A built model that embeds or classifies any data set.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_cli::{note, shown};
use clip_lab_plugin_api::{Dataset, Tokenizer};
use tch::Device;

use super::{
    device::device,
    target::{Classes, Model, Target},
};
use crate::{
    console::Console,
    input::{Prepare, Source, cores},
    model::{ImageTower, Objective},
    train::{Features, Towers},
};

/// An image tower and its text tower or classifier, with preprocessing and tokenizer.
pub struct Embedder {
    image: ImageTower,
    objective: Objective,
    tokenizer: Option<Box<dyn Tokenizer>>,
    max_tokens: usize,
    prepare: Arc<Prepare>,
    device: Device,
    /// The classes of a classifier; none with a text tower.
    classes: Option<Vec<String>>,
}

impl Embedder {
    /// Builds the model: two towers, or an image tower and its checkpoint's classifier.
    ///
    /// # Errors
    /// If a part is missing, the embedding widths differ, or the weights cannot be read.
    pub fn build(target: &Target) -> Result<Self> {
        let (side, text) = (target.plan.image.as_ref(), target.plan.text.as_ref());
        let side = side.with_context(|| missing("image"))?;
        let (images, texts) = (side.head.dim, text.map_or(side.head.dim, |text| text.head.dim));
        ensure!(
            images == texts,
            "image embeddings have {images} dimensions, text embeddings {texts}: they cannot be compared"
        );
        let device = device("auto")?;
        let Model { image, text: text_tower, classes, .. } = target.build(device)?;
        let (objective, classes) = match (text_tower, classes) {
            (Some(tower), _) => (Objective::Texts(tower), None),
            (None, Some(Classes { classifier, names })) => (Objective::Classes(classifier), Some(names)),
            (None, None) => bail!(missing("text")),
        };
        let tokenizer = text.map(|text| text.tokenizer.build(()).context("[tokenizer]")).transpose()?;
        Ok(Self {
            image: image.with_context(|| missing("image"))?,
            objective,
            tokenizer,
            max_tokens: text.map_or(0, |text| text.max_tokens),
            prepare: Arc::new(Prepare { preprocess: side.preprocess.clone(), augment: Vec::new() }),
            device,
            classes,
        })
    }

    /// The classes of a classifier, in the order of its logits; none for two towers.
    pub fn classes(&self) -> Option<&[String]> {
        self.classes.as_deref()
    }

    /// The towers as evaluation takes them.
    pub fn towers(&self) -> Towers<'_> {
        let Self { image, objective, max_tokens, device, .. } = self;
        let tokenizer = self.tokenizer.as_deref();
        Towers { image, objective, tokenizer, max_tokens: *max_tokens, device: *device }
    }

    /// The image tower's features of all images; unreadable images are logged.
    ///
    /// # Errors
    /// If no image can be read, or the tower fails.
    pub fn features(&self, data: &Arc<dyn Dataset>) -> Result<Features> {
        let source = Source::images(data.clone(), self.prepare.clone());
        let mut console = Console::stderr();
        let found = Features::compute(&self.image, source, cores(), self.device, &mut console, &|| false)?;
        let found = found.context("stopped")?;
        found.unreadable.iter().for_each(|image| note!("skipped: {}", shown(image)));
        Ok(found)
    }
}

fn missing(tower: &str) -> String {
    format!("the model has no {tower} tower, but comparing images with texts needs both towers")
}
