//! A model, ready to look at any data set.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_api::{Dataset, Tokenizer};
use clip_lab_cli::{say, shown};
use tch::Device;

use super::target::{Classes, Model, Target};
use crate::{
    console::Console,
    data::{Prepare, Source, cores},
    model::{Against, ImageTower},
    train::{Features, Towers},
};

/// An image tower and what it was trained against, with what they need to see and to read.
pub struct Viewer {
    image: ImageTower,
    against: Against,
    tokenizer: Option<Box<dyn Tokenizer>>,
    max_tokens: usize,
    prepare: Arc<Prepare>,
    device: Device,
    /// What a classifier tells apart; none beside a text tower.
    classes: Option<Vec<String>>,
}

impl Viewer {
    /// A model built: two towers, or an image tower and the classifier that its checkpoint has.
    ///
    /// # Errors
    /// When a part is missing, the towers do not share a space, or the weights cannot be read.
    pub fn build(target: &Target) -> Result<Self> {
        let (side, text) = (target.plan.image.as_ref(), target.plan.text.as_ref());
        let side = side.with_context(|| missing("image"))?;
        let (pictures, texts) = (side.head.dim, text.map_or(side.head.dim, |text| text.head.dim));
        ensure!(
            pictures == texts,
            "the image side gives {pictures} numbers and the text side {texts}: they share no space"
        );
        let device = crate::model::device("auto")?;
        let Model { image, text: reader, classes, .. } = target.build(device)?;
        let (against, classes) = match (reader, classes) {
            (Some(reader), _) => (Against::Texts(reader), None),
            (None, Some(Classes { classifier, names })) => (Against::Classes(classifier), Some(names)),
            (None, None) => bail!(missing("text")),
        };
        let tokenizer = text.map(|text| text.tokenizer.build(()).context("[tokenizer]")).transpose()?;
        Ok(Self {
            image: image.with_context(|| missing("image"))?,
            against,
            tokenizer,
            max_tokens: text.map_or(0, |text| text.max_tokens),
            prepare: Arc::new(Prepare { preprocess: side.preprocess.clone(), augment: Vec::new() }),
            device,
            classes,
        })
    }

    /// What a classifier tells apart, in the order of its answers; none for two towers.
    pub fn classes(&self) -> Option<&[String]> {
        self.classes.as_deref()
    }

    /// As evaluation wants it.
    pub fn towers(&self) -> Towers<'_> {
        let Self { image, against, max_tokens, device, .. } = self;
        let tokenizer = self.tokenizer.as_deref();
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
        found.broken.iter().for_each(|broken| say!("left out: {}", shown(broken)));
        Ok(found)
    }
}

fn missing(tower: &str) -> String {
    format!("the model has no {tower} tower; what compares pictures with texts needs both")
}
