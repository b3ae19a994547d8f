//! A list of captions, however it is written.

use std::collections::HashMap;

use anyhow::{Context as _, Result};

use crate::Split;

/// An image and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its file, from the folder of images on; in a Parquet file, what to call it.
    pub file: String,
    /// Its part, where the list says one.
    pub split: Option<Split>,
    /// Trimmed, in order; may hold empty ones.
    pub captions: Vec<String>,
    /// Where its bytes are, when it is no file of its own.
    pub row: Option<Row>,
}

/// What an entry of a list says: a file, its part, and captions.
pub type Entry = (String, Option<Split>, Vec<String>);

/// A row of one of several tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which table.
    pub table: u32,
    /// Which of its rows.
    pub row: u32,
}

/// A list that was read.
#[derive(Debug, Default)]
pub struct List {
    /// In order of first mention.
    pub pictures: Vec<Listed>,
    /// Rows or entries in it, those that are left out too.
    pub entries: usize,
    /// What was left out, each with its line and why.
    pub odd: Vec<String>,
    /// What was odd and read all the same, a sentence each.
    pub notes: Vec<String>,
    places: HashMap<String, usize>,
}

impl List {
    /// Takes in captions of an image, which may have some already.
    pub fn add(&mut self, file: &str, split: Option<Split>, captions: impl IntoIterator<Item = String>) {
        let captions = captions.into_iter().map(trimmed);
        if let Some(place) = self.places.get(file) {
            self.pictures[*place].captions.extend(captions);
            return;
        }
        self.places.insert(file.to_owned(), self.pictures.len());
        self.pictures.push(Listed { file: file.to_owned(), split, captions: captions.collect(), row: None });
    }

    /// Takes in one entry, or why it cannot be used.
    pub fn entry(&mut self, place: impl FnOnce() -> String, entry: Result<Entry>) {
        self.entries += 1;
        match entry {
            Ok((file, split, captions)) => self.add(&file, split, captions),
            Err(error) => self.odd.push(format!("{}: {error:#}", place())),
        }
    }
}

/// Without white space around it; no copy where there is none.
pub fn trimmed(text: String) -> String {
    if text.trim().len() == text.len() { text } else { text.trim().to_owned() }
}

/// The part that a list calls `name`.
///
/// # Errors
/// When nobody calls one so.
pub fn split(name: &str) -> Result<Split> {
    let name = name.trim();
    Split::named(name)
        .with_context(|| format!("no split is called `{name}`; train, restval, val and test are"))
}
