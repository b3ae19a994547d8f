//! Answers with their pictures, for a contact sheet.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_board::sheet::{Block, Cell, Jpeg, Sheet};
use clip_lab_search::{Answer, Ask, Found, Item, Judged, Miss, Picture, Query, Ready};

use super::{
    answers::{Answers, words},
    core::Core,
    table::item,
};

/// Pixels of a picture's longer side.
const SIDE: u32 = 384;
/// Pictures asked for at once.
const AT_ONCE: usize = 64;

/// Everything that was found, with pictures; one that cannot be made is left out.
///
/// # Errors
/// When the core has ended.
pub fn sheet(core: &mut Core, ready: &Ready, answers: &Answers) -> Result<Sheet> {
    let pictures = thumbnails(core, wanted(answers))?;
    let blocks = match answers {
        Answers::Found(found) => {
            found.iter().map(|(query, found)| of_query(query, found, &pictures)).collect()
        }
        Answers::Missed(misses) => misses.worst.iter().map(|miss| of_miss(miss, &pictures)).collect(),
    };
    let note = answers.remarks().join(". ");
    Ok(Sheet { title: format!("clip-lab search: {}", ready.gallery), note, blocks })
}

/// Pictures of the gallery by number, and those that asked by file.
#[derive(Default)]
struct Pictures {
    gallery: HashMap<usize, Jpeg>,
    files: HashMap<PathBuf, Jpeg>,
}

impl Pictures {
    fn put(&mut self, of: &Picture, jpeg: Jpeg) {
        match of {
            Picture::Gallery(number) => drop(self.gallery.insert(*number, jpeg)),
            Picture::File(path) => drop(self.files.insert(path.clone(), jpeg)),
        }
    }

    fn of(&self, item: &Item) -> Option<Jpeg> {
        match item {
            Item::Picture { picture, .. } => self.gallery.get(picture).cloned(),
            Item::Text(_) => None,
        }
    }
}

/// Every picture that a sheet of the answers shows, once.
fn wanted(answers: &Answers) -> Vec<Picture> {
    let (mut numbers, mut wanted) = (BTreeSet::new(), Vec::new());
    match answers {
        Answers::Found(all) => {
            for (query, found) in all {
                numbers.extend(found.hits.iter().map(|hit| hit.picture));
                wanted.extend(match query {
                    Query::Picture(picture) => Some(picture.clone()),
                    Query::Text(_) => None,
                });
            }
        }
        Answers::Missed(misses) => {
            for miss in &misses.worst {
                let items =
                    std::iter::once(&miss.query).chain(miss.answers.iter().map(|answer| &answer.item));
                numbers.extend(items.filter_map(|item| match item {
                    Item::Picture { picture, .. } => Some(*picture),
                    Item::Text(_) => None,
                }));
            }
        }
    }
    wanted.extend(numbers.into_iter().map(Picture::Gallery));
    wanted
}

fn thumbnails(core: &mut Core, wanted: Vec<Picture>) -> Result<Pictures> {
    let mut made = Pictures::default();
    for part in wanted.chunks(AT_ONCE) {
        let asks = part.iter().map(|of| Ask::Thumbnail { of: of.clone(), side: SIDE }).collect();
        for (of, answer) in part.iter().zip(core.ask(asks)?) {
            if let Ok(Answer::Thumbnail { jpeg }) = answer {
                made.put(of, Arc::from(STANDARD.decode(jpeg).context("a thumbnail is not base64")?));
            }
        }
    }
    Ok(made)
}

fn of_query(query: &Query, found: &Found, pictures: &Pictures) -> Block {
    let cell = |(hit, rank): (&clip_lab_search::Hit, u32)| Cell {
        rank,
        score: hit.score,
        right: None,
        words: hit.name.clone(),
        jpeg: pictures.gallery.get(&hit.picture).cloned(),
    };
    let asked = match query {
        Query::Picture(Picture::File(path)) => pictures.files.get(path).cloned(),
        Query::Picture(Picture::Gallery(number)) => pictures.gallery.get(number).cloned(),
        Query::Text(_) => None,
    };
    let cells = found.hits.iter().zip(1..).map(cell).collect();
    Block { head: words(query), note: String::new(), asked, cells }
}

fn of_miss(miss: &Miss, pictures: &Pictures) -> Block {
    let cell = |answer: &Judged| Cell {
        rank: answer.rank,
        score: answer.score,
        right: Some(answer.right),
        words: item(&answer.item),
        jpeg: pictures.of(&answer.item),
    };
    Block {
        head: item(&miss.query),
        note: format!("right at rank {}", miss.rank),
        asked: pictures.of(&miss.query),
        cells: miss.answers.iter().map(cell).collect(),
    }
}
