//! Karpathy's format, `dataset_*.json`, for Flickr8k, Flickr30k and COCO.

use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use super::list::{List, split};

#[derive(Deserialize)]
struct Whole {
    images: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    filename: String,
    /// Folder of the image; COCO only.
    filepath: Option<String>,
    split: Option<String>,
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    raw: String,
}

/// The images in order.
///
/// # Errors
/// If the JSON has another structure; the message names the line.
pub fn read(text: &str) -> Result<List> {
    let whole: Whole = serde_json::from_str(text)?;
    let mut list = List::default();
    for entry in whole.images {
        let file = match entry.filepath.filter(|folder| !folder.is_empty()) {
            Some(folder) => Path::new(&folder).join(&entry.filename).to_string_lossy().into_owned(),
            None => entry.filename,
        };
        let captions = entry.sentences.into_iter().map(|sentence| sentence.raw).collect();
        let place = format!("image {file}");
        let split = entry.split.as_deref().map(split).transpose();
        list.entry(|| place, split.map(|split| (file, split, captions)));
    }
    Ok(list)
}
