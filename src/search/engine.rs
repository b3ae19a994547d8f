//! A model and the pictures that it finds.

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Mode, Picture, Tokenizer};
use clip_lab_index::{Approximate, Fresh, Index, Near};
use clip_lab_picture::Scratch;
use clip_lab_search::{Found, Hit, Picture as Shown, Query};
use tch::{Device, Kind, Tensor, nn};

use super::{gallery::Gallery, keep::Embed};
use crate::{
    data::{Item, Loader, Prepare, Source, cores},
    plan::{ImageSide, TextSide},
    train::{ImageTower, TextTower, embed_texts, key, unit},
};

/// Pictures that go through the tower together.
const CHUNK: usize = 64;
/// Texts that do, before what is done is handed on.
const TEXTS: usize = 256;

/// The image side with its weights.
pub struct Eyes<'a> {
    /// The tower.
    pub tower: &'a ImageTower,
    /// Its plan.
    pub side: &'a ImageSide,
    /// Where it is.
    pub device: Device,
}

/// The text side with its weights.
pub struct Reader<'a> {
    /// The tower.
    pub tower: &'a TextTower,
    /// Its plan.
    pub side: &'a TextSide,
    /// Texts to ids.
    pub tokenizer: Box<dyn Tokenizer>,
    /// Where it is.
    pub device: Device,
}

impl<'a> Eyes<'a> {
    /// Everything that the embeddings of `gallery` depend on.
    ///
    /// # Errors
    /// Those of libtorch.
    pub fn key(&self, vars: &nn::VarStore, gallery: &Gallery) -> Result<String> {
        let ImageSide { encoder, preprocess, head, .. } = self.side;
        let tower = format!("{} {}", encoder.name, encoder.settings);
        let projection = format!("{} {}", head.projection.name, head.projection.settings);
        let size = preprocess.size.to_string();
        let prepared = serde_json::to_string(preprocess)?;
        let words = [&tower, &projection, &size, &prepared, &gallery.identity].map(String::as_str);
        let words = [&words[..], &[clip_lab_picture::PIXELS]].concat();
        key(vars, &["image.", "image_projection."], &words)
    }

    fn prepare(&self) -> Prepare {
        Prepare { preprocess: self.side.preprocess.clone(), augment: Vec::new() }
    }

    /// Pictures `[B, 3, H, W]` to unit-length rows.
    fn rows(&self, images: &Tensor) -> Result<Vec<Vec<f32>>> {
        let rows = tch::no_grad(|| {
            unit(&self.tower.project(&self.tower.features(images, Mode::Eval)?, Mode::Eval)?)
        })?;
        numbers(&rows)
    }

    /// The embedding of a picture file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn file(&self, path: &Path) -> Result<Vec<f32>> {
        let (prepare, mut scratch) = (self.prepare(), Scratch::new()?);
        let side = i64::from(prepare.size());
        let mut out = vec![0.0; (3 * side * side) as usize];
        let opened = Picture::read(path).and_then(|picture| scratch.open(picture));
        let opened = opened.with_context(|| path.display().to_string())?;
        prepare.eval(&opened, &mut scratch, &mut out).with_context(|| path.display().to_string())?;
        let images = Tensor::from_slice(&out).f_reshape([1, 3, side, side])?.to_device(self.device);
        one(self.rows(&images)?)
    }
}

impl<'a> Reader<'a> {
    /// Builds the tokenizer.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn new(tower: &'a TextTower, side: &'a TextSide, device: Device) -> Result<Self> {
        Ok(Self { tower, side, tokenizer: side.tokenizer.build(())?, device })
    }

    fn rows(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let tokenizer = self.tokenizer.as_ref();
        numbers(&embed_texts(self.tower, tokenizer, self.side.max_tokens, self.device, texts, true)?)
    }

    /// The embedding of a text.
    ///
    /// # Errors
    /// Those of the tokenizer and the tower.
    pub fn text(&self, text: &str) -> Result<Vec<f32>> {
        one(self.rows(&[text])?)
    }
}

/// `[B, D]` as rows.
fn numbers(rows: &Tensor) -> Result<Vec<Vec<f32>>> {
    let dim = rows.size()[1] as usize;
    let flat = rows.f_to_kind(Kind::Float)?.f_to_device(Device::Cpu)?.f_contiguous()?.f_reshape([-1])?;
    Ok(Vec::<f32>::try_from(flat)?.chunks(dim.max(1)).map(<[f32]>::to_vec).collect())
}

fn one(rows: Vec<Vec<f32>>) -> Result<Vec<f32>> {
    let row = rows.into_iter().next().context("nothing was embedded")?;
    ensure!(finite(&row), "the model makes no finite numbers of it: its training has diverged");
    Ok(row)
}

fn finite(row: &[f32]) -> bool {
    row.iter().all(|number| number.is_finite())
}

fn fresh(row: Vec<f32>) -> Fresh {
    if finite(&row) {
        Fresh::Row(row)
    } else {
        Fresh::Broken("the model makes no finite numbers of it".to_owned())
    }
}

/// The pictures of a gallery, seen by a tower.
pub struct Pictures<'a>(pub &'a Eyes<'a>, pub &'a Gallery);

impl Embed for Pictures<'_> {
    fn what(&self) -> &'static str {
        "pictures"
    }

    fn embed(
        &self,
        wanted: &[usize],
        take: &mut dyn FnMut(Vec<(usize, Fresh)>) -> Result<bool>,
    ) -> Result<()> {
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

    fn embed(
        &self,
        wanted: &[usize],
        take: &mut dyn FnMut(Vec<(usize, Fresh)>) -> Result<bool>,
    ) -> Result<()> {
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

/// How much of `exact` is in `found`.
fn share(found: &[Near], exact: &[Near]) -> f64 {
    let same = exact.iter().filter(|one| found.iter().any(|other| other.row == one.row)).count();
    same as f64 / exact.len().max(1) as f64
}

/// A model with the index of a gallery.
pub struct Engine<'a> {
    /// The image side.
    pub eyes: Eyes<'a>,
    /// The text side, if the model has one.
    pub reader: Option<Reader<'a>>,
    /// What is searched.
    pub gallery: Arc<Gallery>,
    /// Its embeddings.
    pub index: Arc<Index>,
    /// The graph to search by instead of comparing every row.
    pub approximate: Option<Approximate>,
}

impl Engine<'_> {
    /// The pictures nearest to a query, and how long that took. With `check` an approximate answer is compared with the
    /// exact one.
    ///
    /// # Errors
    /// When the query cannot be embedded.
    pub fn nearest(&self, to: &Query, top: usize, check: bool) -> Result<Found> {
        let started = Instant::now();
        let query = self.embed(to)?;
        let embed_seconds = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let near = match &self.approximate {
            Some(graph) => graph.nearest(&self.index, &query, top)?,
            None => self.index.nearest(&query, top, cores()),
        };
        let search_seconds = started.elapsed().as_secs_f64();
        let check = check && self.approximate.is_some();
        let recall = check.then(|| share(&near, &self.index.nearest(&query, top, cores())));
        Ok(Found {
            recall,
            hits: near.into_iter().map(|near| self.hit(near)).collect(),
            embed_seconds,
            search_seconds,
        })
    }

    fn embed(&self, query: &Query) -> Result<Vec<f32>> {
        match query {
            Query::Text(text) => {
                let reader = self.reader.as_ref();
                reader.context("the model has no text tower: look for pictures with --image FILE")?.text(text)
            }
            Query::Picture(Shown::File(path)) => self.eyes.file(path),
            Query::Picture(Shown::Gallery(row)) => {
                ensure!(*row < self.index.len(), "there is no picture {row}");
                Ok(self.index.row(*row))
            }
        }
    }

    fn hit(&self, near: Near) -> Hit {
        Hit { picture: near.row, name: self.name(near.row), score: near.score }
    }

    /// What the picture of a row is called.
    pub fn name(&self, row: usize) -> String {
        self.gallery.data.name(self.index.entry(row))
    }
}
