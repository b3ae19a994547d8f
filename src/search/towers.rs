//! The two towers of a model as embedders of images and texts.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clip_lab_image_io::{Decoder, Sink};
use clip_lab_plugin_api::{Image, Mode, Tokenizer};
use tch::{Device, Kind, Tensor, nn};

use super::gallery::Gallery;
use crate::{
    input::Prepare,
    model::{ImageTower, TextTower, embed_texts, unit},
    plan::{ImageSide, TextSide},
    train::key,
};

/// The image side with its weights.
pub struct ImageEmbedder<'a> {
    /// The tower.
    pub tower: &'a ImageTower,
    /// Its plan.
    pub side: &'a ImageSide,
    /// Its device.
    pub device: Device,
}

/// The text side with its weights.
pub struct TextEmbedder<'a> {
    /// The tower.
    pub tower: &'a TextTower,
    /// Its plan.
    pub side: &'a TextSide,
    /// The tokenizer.
    pub tokenizer: Box<dyn Tokenizer>,
    /// Its device.
    pub device: Device,
}

impl<'a> ImageEmbedder<'a> {
    /// A key of everything that the embeddings of `gallery` depend on.
    pub fn key(&self, vars: &nn::VarStore, gallery: &Gallery) -> Result<String> {
        let ImageSide { encoder, preprocess, head, .. } = self.side;
        let tower = format!("{} {}", encoder.name, encoder.settings);
        let projection = format!("{} {}", head.projection.name, head.projection.settings);
        let size = preprocess.size.to_string();
        let preprocess = serde_json::to_string(preprocess)?;
        let parts = [&tower, &projection, &size, &preprocess, &gallery.identity].map(String::as_str);
        let parts = [&parts[..], &[clip_lab_image_io::PIXELS]].concat();
        key(vars, &["image.", "image_projection."], &parts)
    }

    pub(super) fn prepare(&self) -> Prepare {
        Prepare { preprocess: self.side.preprocess.clone(), augment: Vec::new() }
    }

    /// Images `[B, 3, H, W]` to L2-normalised embeddings.
    pub(super) fn rows(&self, images: &Tensor) -> Result<Vec<Vec<f32>>> {
        let rows = tch::no_grad(|| {
            unit(&self.tower.project(&self.tower.features(images, Mode::Eval)?, Mode::Eval)?)
        })?;
        to_rows(&rows)
    }

    /// The embedding of an image file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn file(&self, path: &Path) -> Result<Vec<f32>> {
        let (prepare, mut decoder) = (self.prepare(), Decoder::new()?);
        let side = i64::from(prepare.size());
        let mut out = vec![0.0; (3 * side * side) as usize];
        let opened = Image::read(path).and_then(|image| decoder.open(image));
        let opened = opened.with_context(|| path.display().to_string())?;
        let normalise = prepare.normaliser();
        prepare
            .eval(&opened, &mut decoder, &mut Sink::Floats(&normalise, &mut out))
            .with_context(|| path.display().to_string())?;
        let images = Tensor::from_slice(&out).f_reshape([1, 3, side, side])?.to_device(self.device);
        one(self.rows(&images)?)
    }
}

impl<'a> TextEmbedder<'a> {
    /// Builds the tokenizer.
    ///
    /// # Errors
    /// If the tokenizer cannot be built.
    pub fn new(tower: &'a TextTower, side: &'a TextSide, device: Device) -> Result<Self> {
        Ok(Self { tower, side, tokenizer: side.tokenizer.build(())?, device })
    }

    pub(super) fn rows(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let tokenizer = self.tokenizer.as_ref();
        to_rows(&embed_texts(self.tower, tokenizer, self.side.max_tokens, self.device, texts, true)?)
    }

    /// The embedding of a text.
    ///
    /// # Errors
    /// If the tokenizer or the tower fails.
    pub fn text(&self, text: &str) -> Result<Vec<f32>> {
        one(self.rows(&[text])?)
    }
}

/// Converts `[B, D]` to rows.
fn to_rows(rows: &Tensor) -> Result<Vec<Vec<f32>>> {
    let dim = rows.size()[1] as usize;
    let flat = rows.f_to_kind(Kind::Float)?.f_to_device(Device::Cpu)?.f_contiguous()?.f_reshape([-1])?;
    Ok(Vec::<f32>::try_from(flat)?.chunks(dim.max(1)).map(<[f32]>::to_vec).collect())
}

fn one(rows: Vec<Vec<f32>>) -> Result<Vec<f32>> {
    let row = rows.into_iter().next().context("nothing was embedded")?;
    ensure!(finite(&row), "the embedding is not finite: training has diverged");
    Ok(row)
}

pub(super) fn finite(row: &[f32]) -> bool {
    row.iter().all(|number| number.is_finite())
}
