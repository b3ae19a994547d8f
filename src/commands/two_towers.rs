//! A model of two towers, ready to look at any data set.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Dataset, Tokenizer};
use tch::Device;

use super::target::{Model, Target};
use crate::{
    data::{Prepare, Source, cores},
    train::{self, Against, Console, Features, ImageTower, Towers},
};

/// Both towers with what they need to see and to read.
pub struct TwoTowers {
    image: ImageTower,
    against: Against,
    tokenizer: Box<dyn Tokenizer>,
    max_tokens: usize,
    prepare: Arc<Prepare>,
    device: Device,
}

impl TwoTowers {
    /// The towers of a model, built.
    ///
    /// # Errors
    /// When one is missing, they do not share a space, or the weights cannot be read.
    pub fn build(target: &Target) -> Result<Self> {
        let missing = |tower: &str| {
            format!("the model has no {tower} tower; what compares pictures with texts needs both")
        };
        let image = target.plan.image.as_ref().with_context(|| missing("image"))?;
        let text = target.plan.text.as_ref().with_context(|| missing("text"))?;
        let (pictures, texts) = (image.head.dim, text.head.dim);
        ensure!(
            pictures == texts,
            "the image side gives {pictures} numbers and the text side {texts}: they share no space"
        );
        let device = train::device("auto")?;
        let Model { image: tower, text: reader, .. } = target.build(device)?;
        Ok(Self {
            image: tower.with_context(|| missing("image"))?,
            against: Against::Texts(reader.with_context(|| missing("text"))?),
            tokenizer: text.tokenizer.build(()).context("[tokenizer]")?,
            max_tokens: text.max_tokens,
            prepare: Arc::new(Prepare { preprocess: image.preprocess.clone(), augment: Vec::new() }),
            device,
        })
    }

    /// As evaluation wants them.
    pub fn towers(&self) -> Towers<'_> {
        let Self { image, against, max_tokens, device, .. } = self;
        let tokenizer = Some(self.tokenizer.as_ref());
        Towers { image, against, tokenizer, max_tokens: *max_tokens, device: *device }
    }

    /// The image tower's features of all pictures; those that cannot be read are told.
    ///
    /// # Errors
    /// When none can be read, and those of the tower.
    pub fn look(&self, data: &Arc<dyn Dataset>) -> Result<Features> {
        let source = Source::pictures(data.clone(), self.prepare.clone());
        let mut console = Console::beside();
        let found = Features::compute(&self.image, source, cores(), self.device, &mut console, &|| false)?;
        let found = found.context("nobody asked to stop")?;
        found.broken.iter().for_each(|broken| eprintln!("left out: {}: {}", broken.name, broken.why));
        Ok(found)
    }
}
