//! Incremental updates of an index.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use anyhow::Result;

use crate::{Entry, Index, Row, Stamp, write};

/// The result of embedding an image.
#[derive(Debug, Clone, PartialEq)]
pub enum EmbedResult {
    /// Its L2-normalised embedding.
    Row(Vec<f32>),
    /// Why it is unreadable.
    Unreadable(String),
}

/// The difference between an index and the current images.
#[derive(Debug)]
pub struct Update {
    current: Vec<Stamp>,
    /// For each image, its entry in the old index if it is unchanged.
    reused: Vec<Option<usize>>,
    /// Images to embed, in order.
    pub to_embed: Vec<usize>,
    /// How many of them are modified images of the index.
    pub changed: usize,
    /// Images of the index that no longer exist.
    pub removed: usize,
}

impl Update {
    /// Compares names and stamps. Retries an unreadable image only if it changed.
    pub fn between(old: Option<&Index>, current: Vec<Stamp>) -> Self {
        let entries = old.map_or(&[][..], Index::entries);
        let by_stamp: HashMap<&Stamp, usize> = entries.iter().map(|entry| &entry.stamp).zip(0..).collect();
        let names: HashSet<&str> = entries.iter().map(|entry| entry.stamp.name.as_str()).collect();
        let reused: Vec<Option<usize>> = current.iter().map(|stamp| by_stamp.get(stamp).copied()).collect();
        let to_embed: Vec<usize> = (0..current.len()).filter(|&image| reused[image].is_none()).collect();
        let changed = to_embed.iter().filter(|&&image| names.contains(current[image].name.as_str())).count();
        let gone = entries.len() - (current.len() - to_embed.len());
        Self { reused, to_embed, changed, removed: gone - changed.min(gone), current }
    }

    /// Whether the index already holds exactly these images, in this order.
    pub fn is_up_to_date(&self, old: Option<&Index>) -> bool {
        let entries = old.map_or(0, |index| index.entries().len());
        self.reused.len() == entries && self.reused.iter().zip(0..).all(|(entry, at)| *entry == Some(at))
    }

    /// Writes reused rows and new results `fresh`, keyed by image; leaves out images with neither, for the next update.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn apply(
        &self,
        old: Option<&Index>,
        fresh: &HashMap<usize, EmbedResult>,
        (path, model, dim): (&Path, &str, usize),
    ) -> Result<Index> {
        let rows = old.map(rows_by_entry).unwrap_or_default();
        let entries: Vec<Option<Entry>> =
            (0..self.current.len()).map(|image| self.entry(image, old, fresh)).collect();
        let row = |image: usize| match (fresh.get(&image), self.reused[image], old) {
            (Some(EmbedResult::Row(row)), _, _) => Row::Floats(row),
            (None, Some(entry), Some(old)) => {
                rows[entry].map_or(Row::None, |row| Row::Bytes(old.row_bytes(row)))
            }
            _ => Row::None,
        };
        let lines: Vec<(&Entry, Row<'_>)> = entries
            .iter()
            .enumerate()
            .filter_map(|(image, entry)| Some((entry.as_ref()?, row(image))))
            .collect();
        write(path, model, dim, &lines)?;
        Index::read(path, model)
    }

    fn entry(&self, image: usize, old: Option<&Index>, fresh: &HashMap<usize, EmbedResult>) -> Option<Entry> {
        let stamp = self.current[image].clone();
        match fresh.get(&image) {
            Some(EmbedResult::Row(_)) => Some(Entry { stamp, unreadable: None }),
            Some(EmbedResult::Unreadable(why)) => Some(Entry { stamp, unreadable: Some(why.clone()) }),
            None => Some(old?.entries()[self.reused[image]?].clone()),
        }
    }
}

/// The row of each entry, if any.
fn rows_by_entry(index: &Index) -> Vec<Option<usize>> {
    let mut rows = vec![None; index.entries().len()];
    for row in 0..index.len() {
        rows[index.entry(row)] = Some(row);
    }
    rows
}
