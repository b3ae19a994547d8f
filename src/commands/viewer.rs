//! A model, ready to look at any data set.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Dataset, Tokenizer};
use tch::{Device, nn};

use super::target::{Model, Target};
use crate::{
    data::{Prepare, Source, cores},
    plan::ImageSide,
    train::{
        self, Against, Classifier, Console, Features, ImageTower, Start, Towers, checkpoint,
        described_classifier,
    },
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
        let image = target.plan.image.as_ref().with_context(|| missing("image"))?;
        let device = train::device("auto")?;
        let classifier = target.checkpoint.as_deref().filter(|_| target.plan.text.is_none());
        match classifier.map(|file| Self::classifier(image, file, device)).transpose()?.flatten() {
            Some(viewer) => Ok(viewer),
            None => Self::two_towers(target, image, device),
        }
    }

    fn two_towers(target: &Target, image: &ImageSide, device: Device) -> Result<Self> {
        let text = target.plan.text.as_ref().with_context(|| missing("text"))?;
        let (pictures, texts) = (image.head.dim, text.head.dim);
        ensure!(
            pictures == texts,
            "the image side gives {pictures} numbers and the text side {texts}: they share no space"
        );
        let Model { image: tower, text: reader, .. } = target.build(device)?;
        let against = Against::Texts(reader.with_context(|| missing("text"))?);
        let viewer = Self::new(image, tower.with_context(|| missing("image"))?, against, device);
        let tokenizer = Some(text.tokenizer.build(()).context("[tokenizer]")?);
        Ok(Self { tokenizer, max_tokens: text.max_tokens, ..viewer })
    }

    /// None where the checkpoint speaks of no classifier.
    fn classifier(image: &ImageSide, file: &Path, device: Device) -> Result<Option<Self>> {
        let stated = described_classifier(&checkpoint::peek(file)?.model);
        let Some((settings, classes)) = stated.with_context(|| file.display().to_string())? else {
            return Ok(None);
        };
        let vars = nn::VarStore::new(device);
        let tower = ImageTower::build(image, &vars, Start::ToBeLoaded)?;
        let classifier = Classifier::build(&settings, &vars, image.head.dim, classes.len() as i64)?;
        checkpoint::read_weights(file, &vars)?;
        Ok(Some(Self {
            classes: Some(classes),
            ..Self::new(image, tower, Against::Classes(classifier), device)
        }))
    }

    fn new(side: &ImageSide, image: ImageTower, against: Against, device: Device) -> Self {
        let prepare = Arc::new(Prepare { preprocess: side.preprocess.clone(), augment: Vec::new() });
        Self { image, against, tokenizer: None, max_tokens: 0, prepare, device, classes: None }
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
        found.broken.iter().for_each(|broken| eprintln!("left out: {}: {}", broken.name, broken.why));
        Ok(found)
    }
}

fn missing(tower: &str) -> String {
    format!("the model has no {tower} tower; what compares pictures with texts needs both")
}
