//! Answers with their images, for a contact sheet.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_chart::sheet::{Block, Cell, Jpeg, Sheet};
use clip_lab_search_protocol::{Answer, Found, Image, Item, Miss, Operation, Query, RankedItem, Ready};

use super::{
    answers::{Answers, label},
    core::Core,
    table::item,
};

/// The longer side of a thumbnail, in pixels.
const SIDE: u32 = 384;
/// Thumbnails requested at once.
const CHUNK: usize = 64;

/// The answers with thumbnails. A thumbnail that cannot be created is left out.
///
/// # Errors
/// If the core has exited.
pub fn sheet(core: &mut Core, ready: &Ready, answers: &Answers) -> Result<Sheet> {
    let thumbnails = thumbnails(core, images_of(answers))?;
    let blocks = match answers {
        Answers::Found(found) => {
            found.iter().map(|(query, found)| of_query(query, found, &thumbnails)).collect()
        }
        Answers::Missed(misses) => misses.worst.iter().map(|miss| of_miss(miss, &thumbnails)).collect(),
    };
    let note = answers.notes().join(". ");
    Ok(Sheet { title: format!("clip-lab search: {}", ready.gallery), note, blocks })
}

/// Thumbnails of the gallery by number, and of queries by file.
#[derive(Default)]
struct Thumbnails {
    gallery: HashMap<usize, Jpeg>,
    files: HashMap<PathBuf, Jpeg>,
}

impl Thumbnails {
    fn insert(&mut self, of: &Image, jpeg: Jpeg) {
        match of {
            Image::Gallery(number) => drop(self.gallery.insert(*number, jpeg)),
            Image::File(path) => drop(self.files.insert(path.clone(), jpeg)),
        }
    }

    fn get(&self, item: &Item) -> Option<Jpeg> {
        match item {
            Item::Image { image, .. } => self.gallery.get(image).cloned(),
            Item::Text(_) => None,
        }
    }
}

/// All images of the sheet, without duplicates.
fn images_of(answers: &Answers) -> Vec<Image> {
    let (mut numbers, mut images) = (BTreeSet::new(), Vec::new());
    match answers {
        Answers::Found(all) => {
            for (query, found) in all {
                numbers.extend(found.hits.iter().map(|hit| hit.image));
                images.extend(match query {
                    Query::Image(image) => Some(image.clone()),
                    Query::Text(_) => None,
                });
            }
        }
        Answers::Missed(misses) => {
            for miss in &misses.worst {
                let items =
                    std::iter::once(&miss.query).chain(miss.answers.iter().map(|answer| &answer.item));
                numbers.extend(items.filter_map(|item| match item {
                    Item::Image { image, .. } => Some(*image),
                    Item::Text(_) => None,
                }));
            }
        }
    }
    images.extend(numbers.into_iter().map(Image::Gallery));
    images
}

fn thumbnails(core: &mut Core, images: Vec<Image>) -> Result<Thumbnails> {
    let mut thumbnails = Thumbnails::default();
    for part in images.chunks(CHUNK) {
        let operations = part.iter().map(|of| Operation::Thumbnail { of: of.clone(), side: SIDE }).collect();
        for (of, answer) in part.iter().zip(core.call(operations)?) {
            if let Ok(Answer::Thumbnail { jpeg }) = answer {
                thumbnails
                    .insert(of, Arc::from(STANDARD.decode(jpeg).context("a thumbnail is not valid base64")?));
            }
        }
    }
    Ok(thumbnails)
}

fn of_query(query: &Query, found: &Found, thumbnails: &Thumbnails) -> Block {
    let cell = |(hit, rank): (&clip_lab_search_protocol::Hit, u32)| Cell {
        rank,
        score: hit.score,
        right: None,
        text: hit.name.clone(),
        jpeg: thumbnails.gallery.get(&hit.image).cloned(),
    };
    let image = match query {
        Query::Image(Image::File(path)) => thumbnails.files.get(path).cloned(),
        Query::Image(Image::Gallery(number)) => thumbnails.gallery.get(number).cloned(),
        Query::Text(_) => None,
    };
    let cells = found.hits.iter().zip(1..).map(cell).collect();
    Block { head: label(query), note: String::new(), query: image, cells }
}

fn of_miss(miss: &Miss, thumbnails: &Thumbnails) -> Block {
    let cell = |answer: &RankedItem| Cell {
        rank: answer.rank,
        score: answer.score,
        right: Some(answer.right),
        text: item(&answer.item),
        jpeg: thumbnails.get(&answer.item),
    };
    Block {
        head: item(&miss.query),
        note: format!("first correct at rank {}", miss.rank),
        query: thumbnails.get(&miss.query),
        cells: miss.answers.iter().map(cell).collect(),
    }
}
