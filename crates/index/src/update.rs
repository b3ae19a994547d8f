//! What has to be done so that an index is of the pictures that are there now.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use anyhow::Result;

use crate::{Entry, Index, Row, Stamp, write};

/// What became of a picture that was embedded.
#[derive(Debug, Clone, PartialEq)]
pub enum Fresh {
    /// Its embedding, of unit length.
    Row(Vec<f32>),
    /// Why it has none.
    Broken(String),
}

/// The difference between an index and the pictures that are there now.
#[derive(Debug)]
pub struct Update {
    now: Vec<Stamp>,
    /// The entry of the old index for each picture, where it is still good.
    kept: Vec<Option<usize>>,
    /// Pictures of `now` that are to be embedded, in order.
    pub wanted: Vec<usize>,
    /// Those among them that the index has in another state.
    pub changed: usize,
    /// Pictures of the index that are no longer there.
    pub vanished: usize,
}

impl Update {
    /// Compares names and marks. A picture that was broken is tried again only when it has changed.
    pub fn between(old: Option<&Index>, now: Vec<Stamp>) -> Self {
        let entries = old.map_or(&[][..], Index::entries);
        let known: HashMap<&Stamp, usize> = entries.iter().map(|entry| &entry.stamp).zip(0..).collect();
        let names: HashSet<&str> = entries.iter().map(|entry| entry.stamp.name.as_str()).collect();
        let kept: Vec<Option<usize>> = now.iter().map(|stamp| known.get(stamp).copied()).collect();
        let wanted: Vec<usize> = (0..now.len()).filter(|&picture| kept[picture].is_none()).collect();
        let changed = wanted.iter().filter(|&&picture| names.contains(now[picture].name.as_str())).count();
        let gone = entries.len() - (now.len() - wanted.len());
        Self { kept, wanted, changed, vanished: gone - changed.min(gone), now }
    }

    /// Whether the index is of just these pictures, in this order.
    pub fn is_nothing(&self, old: Option<&Index>) -> bool {
        let entries = old.map_or(0, |index| index.entries().len());
        self.kept.len() == entries && self.kept.iter().zip(0..).all(|(kept, place)| *kept == Some(place))
    }

    /// Writes what is kept and what is `fresh`, by picture; those that are neither are left for another time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn apply(
        &self,
        old: Option<&Index>,
        fresh: &HashMap<usize, Fresh>,
        (path, model, dim): (&Path, &str, usize),
    ) -> Result<Index> {
        let rows = old.map(rows_by_entry).unwrap_or_default();
        let entries: Vec<Option<Entry>> =
            (0..self.now.len()).map(|picture| self.entry(picture, old, fresh)).collect();
        let row = |picture: usize| match (fresh.get(&picture), self.kept[picture], old) {
            (Some(Fresh::Row(row)), _, _) => Row::Numbers(row),
            (None, Some(entry), Some(old)) => {
                rows[entry].map_or(Row::None, |row| Row::Bytes(old.row_bytes(row)))
            }
            _ => Row::None,
        };
        let known = entries.iter().enumerate();
        let lines: Vec<(&Entry, Row<'_>)> =
            known.filter_map(|(picture, entry)| Some((entry.as_ref()?, row(picture)))).collect();
        write(path, model, dim, &lines)?;
        Index::read(path, model)
    }

    fn entry(&self, picture: usize, old: Option<&Index>, fresh: &HashMap<usize, Fresh>) -> Option<Entry> {
        let stamp = self.now[picture].clone();
        match fresh.get(&picture) {
            Some(Fresh::Row(_)) => Some(Entry { stamp, broken: None }),
            Some(Fresh::Broken(why)) => Some(Entry { stamp, broken: Some(why.clone()) }),
            None => Some(old?.entries()[self.kept[picture]?].clone()),
        }
    }
}

/// The row of each entry.
fn rows_by_entry(index: &Index) -> Vec<Option<usize>> {
    let mut rows = vec![None; index.entries().len()];
    for row in 0..index.len() {
        rows[index.entry(row)] = Some(row);
    }
    rows
}
