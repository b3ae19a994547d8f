//! A list of captions in any format.

use std::collections::HashMap;

use anyhow::{Context as _, Result};

use crate::Split;

/// An image and its captions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its file, relative to the folder of images; its display name in a Parquet file.
    pub file: String,
    /// Its split, if the list has one.
    pub split: Option<Split>,
    /// Trimmed, in order; may include empty ones.
    pub captions: Vec<String>,
    /// The row with its bytes, if it is not a file.
    pub row: Option<Row>,
}

/// An entry of a list: file, split and captions.
pub type Entry = (String, Option<Split>, Vec<String>);

/// A row of one of several tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Index of the table.
    pub table: u32,
    /// Index of the row.
    pub row: u32,
}

/// The content of a list.
#[derive(Debug, Default)]
pub struct List {
    /// In order of first mention.
    pub pictures: Vec<Listed>,
    /// Number of rows or entries, including those left out.
    pub entries: usize,
    /// Entries left out, each with its line and the reason.
    pub rejected: Vec<String>,
    /// Irregular entries that were read anyway, one message each.
    pub notes: Vec<String>,
    places: HashMap<String, usize>,
}

impl List {
    /// Adds captions to an image, which may already have some.
    pub fn add(&mut self, file: &str, split: Option<Split>, captions: impl IntoIterator<Item = String>) {
        let captions = captions.into_iter().map(trimmed);
        if let Some(place) = self.places.get(file) {
            self.pictures[*place].captions.extend(captions);
            return;
        }
        self.places.insert(file.to_owned(), self.pictures.len());
        self.pictures.push(Listed { file: file.to_owned(), split, captions: captions.collect(), row: None });
    }

    /// Adds one entry, or records why it cannot be used.
    pub fn entry(&mut self, place: impl FnOnce() -> String, entry: Result<Entry>) {
        self.entries += 1;
        match entry {
            Ok((file, split, captions)) => self.add(&file, split, captions),
            Err(error) => self.rejected.push(format!("{}: {error:#}", place())),
        }
    }
}

/// Trims white space; without a copy if there is none.
pub fn trimmed(text: String) -> String {
    if text.trim().len() == text.len() { text } else { text.trim().to_owned() }
}

/// The split that a list calls `name`.
///
/// # Errors
/// If the name is unknown.
pub fn split(name: &str) -> Result<Split> {
    let name = name.trim();
    Split::named(name).with_context(|| format!("unknown split `{name}`; must be train, restval, val or test"))
}
