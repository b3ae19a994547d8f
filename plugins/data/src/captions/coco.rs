//! COCO's format, `captions_train2017.json`: images and annotations in two lists,
//! <https://cocodataset.org/#format-data>. The file name determines the split.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::list::List;

#[derive(Deserialize)]
struct Whole {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Image {
    id: Id,
    file_name: String,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: Id,
    caption: String,
}

/// A number in COCO, a text in some derived data sets.
#[derive(Deserialize, PartialEq, Eq, Hash)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Text(String),
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// The images in the order of `images`, each with its annotations in order.
///
/// # Errors
/// If the JSON has another structure; the message names the line.
pub fn read(text: &str) -> Result<List> {
    let whole: Whole = serde_json::from_str(text)
        .context("it is not in the format of COCO's captions_*.json, with `images` (id, file_name) and `annotations` (image_id, caption)")?;
    let mut list = List::default();
    let mut files = HashMap::new();
    for Image { id, file_name } in whole.images {
        list.add(&file_name, None, []);
        if let Some(other) = files.insert(id, file_name) {
            list.rejected.push(format!("image {other}: its id is not unique"));
        }
    }
    for annotation in whole.annotations {
        let Annotation { image_id, caption } = annotation;
        let file = files.get(&image_id).context("`images` has no image with this id");
        let entry = file.map(|file| (file.clone(), None, vec![caption]));
        list.entry(|| format!("annotation of image {image_id}"), entry);
    }
    Ok(list)
}
