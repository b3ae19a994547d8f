//! Embeds queries and finds the nearest images.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use clip_lab_search_protocol::{Found, Hit, Image as Shown, Query};
use clip_lab_vector_index::{Approximate, Index, Neighbour, share};

use super::{
    gallery::Gallery,
    towers::{ImageEmbedder, TextEmbedder},
};
use crate::input::cores;

/// A model with the index of a gallery.
pub struct Engine<'a> {
    /// The image side.
    pub images: ImageEmbedder<'a>,
    /// The text side, if the model has one.
    pub texts: Option<TextEmbedder<'a>>,
    /// The searched images.
    pub gallery: Arc<Gallery>,
    /// The embeddings of the gallery.
    pub index: Arc<Index>,
    /// The graph for approximate search; none: exact search.
    pub approximate: Option<Approximate>,
}

impl Engine<'_> {
    /// The images nearest to a query, with timings. With `check` an approximate result is compared with the exact one.
    ///
    /// # Errors
    /// If the query cannot be embedded.
    pub fn nearest(&self, to: &Query, top: usize, check: bool) -> Result<Found> {
        let started = Instant::now();
        let query = self.embed(to)?;
        let embed_seconds = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let nearest = match &self.approximate {
            Some(graph) => graph.nearest(&self.index, &query, top)?,
            None => self.index.nearest(&query, top, cores()),
        };
        let search_seconds = started.elapsed().as_secs_f64();
        let check = check && self.approximate.is_some();
        let recall = check.then(|| share(&nearest, &self.index.nearest(&query, top, cores())));
        Ok(Found {
            recall,
            hits: nearest.into_iter().map(|near| self.hit(near)).collect(),
            embed_seconds,
            search_seconds,
        })
    }

    fn embed(&self, query: &Query) -> Result<Vec<f32>> {
        match query {
            Query::Text(text) => {
                let texts = self.texts.as_ref();
                texts.context("the model has no text tower: search with --image FILE")?.text(text)
            }
            Query::Image(Shown::File(path)) => self.images.file(path),
            Query::Image(Shown::Gallery(row)) => {
                ensure!(*row < self.index.len(), "no image {row}");
                Ok(self.index.row(*row))
            }
        }
    }

    fn hit(&self, near: Neighbour) -> Hit {
        Hit { image: near.row, name: self.name(near.row), score: near.score }
    }

    /// Name of the image in a row.
    pub fn name(&self, row: usize) -> String {
        self.gallery.data.name(self.index.entry(row))
    }
}
