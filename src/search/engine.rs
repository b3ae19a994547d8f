//! A model and the pictures that it finds.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use clip_lab_index::{Approximate, Index, Near, share};
use clip_lab_search::{Found, Hit, Picture as Shown, Query};

use super::{
    gallery::Gallery,
    towers::{Eyes, Reader},
};
use crate::data::cores;

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
