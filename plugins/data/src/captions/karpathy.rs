//! Captions as Karpathy's `dataset_*.json` for Flickr8k, Flickr30k and COCO have them.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::list::Listed;
use crate::Split;

#[derive(Deserialize)]
struct Whole {
    images: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    filename: String,
    /// Folder of the picture; COCO only.
    filepath: Option<String>,
    split: Option<String>,
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    raw: String,
}

/// The pictures in order.
///
/// # Errors
/// When it is not such a JSON (the message says the line), or names a split that nobody knows.
pub fn read(text: &str) -> Result<Vec<Listed>> {
    let whole: Whole = serde_json::from_str(text)?;
    whole.images.into_iter().map(listed).collect()
}

fn listed(entry: Entry) -> Result<Listed> {
    let split = entry.split.map(|name| {
        Split::named(&name).with_context(|| {
            format!("picture {} is in split `{name}`; train, restval, val and test are known", entry.filename)
        })
    });
    let file = match entry.filepath.filter(|folder| !folder.is_empty()) {
        Some(folder) => Path::new(&folder).join(&entry.filename).to_string_lossy().into_owned(),
        None => entry.filename,
    };
    let captions = entry.sentences.into_iter().map(|sentence| sentence.raw.trim().to_owned()).collect();
    Ok(Listed { file, split: split.transpose()?, captions })
}
