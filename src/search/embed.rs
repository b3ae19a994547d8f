//! Many pictures or texts, embedded part by part.

use std::sync::Arc;

use anyhow::Result;
use clip_lab_index::Fresh;

use super::{
    gallery::Gallery,
    keep::{Embed, Take},
    towers::{Eyes, Reader, finite},
};
use crate::data::{Item, Loader, Source, cores};

/// Pictures that go through the tower together.
const CHUNK: usize = 64;
/// Texts that do, before what is done is handed on.
const TEXTS: usize = 256;

/// The pictures of a gallery, seen by a tower.
pub struct Pictures<'a>(pub &'a Eyes<'a>, pub &'a Gallery);

impl Embed for Pictures<'_> {
    fn what(&self) -> &'static str {
        "pictures"
    }

    fn embed(&self, wanted: &[usize], take: &mut Take<'_>) -> Result<()> {
        let item = |&picture: &usize| Item { picture, caption: None, index: picture as u64, epoch: 0 };
        let batches: Vec<Vec<Item>> =
            wanted.chunks(CHUNK).map(|part| part.iter().map(item).collect()).collect();
        let source = Source::pictures(self.1.data.clone(), Arc::new(self.0.prepare()));
        let mut loader = Loader::new(source, batches.into_iter(), cores(), self.0.device);
        while let Some(batch) = loader.next_batch()? {
            let mut part: Vec<(usize, Fresh)> =
                batch.broken.into_iter().map(|broken| (broken.picture, Fresh::Broken(broken.why))).collect();
            if let Some(images) = batch.images.filter(|_| batch.pictures.numel() > 0) {
                let places = Vec::<i64>::try_from(&batch.pictures)?;
                let rows = self.0.rows(&images)?.into_iter().map(fresh);
                part.extend(places.into_iter().map(|place| place as usize).zip(rows));
            }
            if !take(part)? {
                break;
            }
        }
        Ok(())
    }
}

/// Texts, read by a tower.
pub struct Texts<'a>(pub &'a Reader<'a>, pub &'a [&'a str]);

impl Embed for Texts<'_> {
    fn what(&self) -> &'static str {
        "texts"
    }

    fn embed(&self, wanted: &[usize], take: &mut Take<'_>) -> Result<()> {
        for part in wanted.chunks(TEXTS) {
            let texts: Vec<&str> = part.iter().map(|&text| self.1[text]).collect();
            let rows = self.0.rows(&texts)?.into_iter().map(fresh);
            if !take(part.iter().copied().zip(rows).collect())? {
                break;
            }
        }
        Ok(())
    }
}

fn fresh(row: Vec<f32>) -> Fresh {
    if finite(&row) {
        Fresh::Row(row)
    } else {
        Fresh::Broken("the model makes no finite numbers of it".to_owned())
    }
}
