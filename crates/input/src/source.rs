//! Sources: what the loader threads read.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use clip_lab_image_io::Decoder;
use clip_lab_plugin_api::{Dataset, Rng, Tokenizer, rng};

use super::{Item, Prepare, Unreadable, duplicates::folded, images::ImageRow, item::draw_caption};

/// Data set, tokenizer and preprocessing of the loader threads.
pub struct Source {
    /// Images and captions.
    pub data: Arc<dyn Dataset>,
    /// Text to token ids; none if no captions are read.
    pub tokenizer: Option<Arc<dyn Tokenizer>>,
    /// Maximum number of tokens of a caption.
    pub max_tokens: usize,
    /// Preprocessing; none if the image features are cached and no image is read.
    pub prepare: Option<Arc<Prepare>>,
    /// What is read of an item.
    pub read: Read,
    /// Seed of all randomness.
    pub seed: u64,
}

/// What a worker reads of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// A caption and the training image.
    Pair,
    /// A class and the training image.
    Labelled,
    /// The training image.
    Image,
    /// The evaluation image.
    EvalImage,
}

/// An item after reading.
pub(super) struct Sample {
    pub image: usize,
    pub ids: Vec<i64>,
    /// Folded, for comparisons.
    pub caption: Option<String>,
    pub class: i64,
    pub unreadable: Option<Unreadable>,
}

impl Sample {
    /// An item of which nothing has been read yet.
    pub(super) fn new(image: usize) -> Self {
        Self { image, ids: Vec::new(), caption: None, class: 0, unreadable: None }
    }
}

impl Source {
    /// The evaluation images of `data`, without captions.
    pub fn images(data: Arc<dyn Dataset>, prepare: Arc<Prepare>) -> Self {
        Self { data, tokenizer: None, max_tokens: 0, prepare: Some(prepare), read: Read::EvalImage, seed: 0 }
    }

    pub(super) fn read(&self, item: Item, row: Option<ImageRow>, decoder: &mut Decoder) -> Sample {
        let mut sample = Sample::new(item.image);
        if let Err(error) = self.fill(item, row, decoder, &mut sample) {
            sample.unreadable = Some(self.unreadable(item, format!("{error:#}")));
        }
        sample
    }

    /// Whether images must be written as floats.
    pub(super) fn needs_floats(&self) -> bool {
        let training = self.read != Read::EvalImage;
        training && self.prepare.as_ref().is_some_and(|prepare| prepare.needs_floats())
    }

    pub(super) fn unreadable(&self, item: Item, reason: String) -> Unreadable {
        Unreadable { image: item.image, name: self.data.name(item.image), reason }
    }

    fn fill(
        &self,
        item: Item,
        row: Option<ImageRow>,
        decoder: &mut Decoder,
        sample: &mut Sample,
    ) -> Result<()> {
        let mut rng = rng(self.seed, item.epoch, item.index);
        if self.read == Read::Pair {
            // The caption is drawn before the augmentation, so that it is the same with cached features.
            let tokenizer = self.tokenizer.as_ref().context("the source has no tokenizer")?;
            let caption = self.caption(item, &mut rng)?;
            sample.ids = tokenizer.encode(caption, self.max_tokens)?;
            sample.caption = Some(folded(caption));
        }
        if self.read == Read::Labelled {
            sample.class = self.data.class(item.image).context("it has no class")? as i64;
        }
        if let Some((prepare, mut row)) = self.prepare.as_ref().zip(row) {
            let image = decoder.open(self.data.image(item.image)?)?;
            let normalise = prepare.normaliser();
            let mut sink = row.sink(&normalise);
            match self.read {
                Read::EvalImage => prepare.eval(&image, decoder, &mut sink)?,
                Read::Pair | Read::Labelled | Read::Image => {
                    prepare.train(image, &mut rng, decoder, &mut sink)?;
                }
            }
        }
        Ok(())
    }

    fn caption(&self, item: Item, rng: &mut Rng) -> Result<&str> {
        let captions = self.data.captions(item.image);
        match item.caption {
            Some(caption) => Ok(&captions[caption]),
            None if captions.is_empty() => Err(anyhow!("it has no caption")),
            None => Ok(&captions[draw_caption(rng, captions.len())]),
        }
    }
}
