//! Embeds many images or texts in chunks.

use std::sync::Arc;

use anyhow::Result;
use clip_lab_vector_index::EmbedResult;

use super::{
    gallery::Gallery,
    towers::{ImageEmbedder, TextEmbedder, finite},
    update::{Embed, Sink},
};
use crate::input::{Item, Loader, Source, cores};

/// Images per batch.
const IMAGE_CHUNK: usize = 64;
/// Texts per chunk.
const TEXT_CHUNK: usize = 256;

/// The images of a gallery, embedded by an image tower.
pub struct GalleryImages<'a>(pub &'a ImageEmbedder<'a>, pub &'a Gallery);

impl Embed for GalleryImages<'_> {
    fn what(&self) -> &'static str {
        "images"
    }

    fn embed(&self, items: &[usize], sink: &mut Sink<'_>) -> Result<()> {
        let item = |&image: &usize| Item { image, caption: None, index: image as u64, epoch: 0 };
        let batches: Vec<Vec<Item>> =
            items.chunks(IMAGE_CHUNK).map(|part| part.iter().map(item).collect()).collect();
        let source = Source::images(self.1.data.clone(), Arc::new(self.0.prepare()));
        let mut loader = Loader::new(source, batches.into_iter(), cores(), self.0.device)?;
        while let Some(batch) = loader.next_batch()? {
            let mut part: Vec<(usize, EmbedResult)> = batch
                .unreadable
                .into_iter()
                .map(|image| (image.image, EmbedResult::Unreadable(image.reason)))
                .collect();
            if let Some(images) = batch.images.filter(|_| batch.indices.numel() > 0) {
                let indices = Vec::<i64>::try_from(&batch.indices)?;
                let rows = self.0.rows(&images)?.into_iter().map(fresh);
                part.extend(indices.into_iter().map(|index| index as usize).zip(rows));
            }
            if !sink(part)? {
                break;
            }
        }
        Ok(())
    }
}

/// Texts, embedded by a text tower.
pub struct Texts<'a>(pub &'a TextEmbedder<'a>, pub &'a [&'a str]);

impl Embed for Texts<'_> {
    fn what(&self) -> &'static str {
        "texts"
    }

    fn embed(&self, items: &[usize], sink: &mut Sink<'_>) -> Result<()> {
        for part in items.chunks(TEXT_CHUNK) {
            let texts: Vec<&str> = part.iter().map(|&text| self.1[text]).collect();
            let rows = self.0.rows(&texts)?.into_iter().map(fresh);
            if !sink(part.iter().copied().zip(rows).collect())? {
                break;
            }
        }
        Ok(())
    }
}

fn fresh(row: Vec<f32>) -> EmbedResult {
    if finite(&row) {
        EmbedResult::Row(row)
    } else {
        EmbedResult::Unreadable("its embedding is not finite".to_owned())
    }
}
