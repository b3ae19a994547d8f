//! Captions in a table: `image,caption`, a row for each caption, optionally with a column `split`.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use csv::{ReaderBuilder, StringRecord};

use super::list::Listed;
use crate::Split;

/// What the columns are called in the data sets that are about.
const PICTURE: [&str; 4] = ["image", "image_name", "filename", "filepath"];
const CAPTION: [&str; 4] = ["caption", "comment", "title", "text"];

struct Columns {
    picture: usize,
    caption: usize,
    split: Option<usize>,
}

/// Gathers the rows of each picture.
///
/// # Errors
/// When the header lacks a column or a row has another length; the message says the line.
pub fn read(text: &str) -> Result<Vec<Listed>> {
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter(text)).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().context("line 1")?.clone();
    let columns = columns(&header)?;
    let mut pictures: Vec<Listed> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in reader.records() {
        let row = row?;
        let line = row.position().map_or(0, |position| position.line());
        let listed = listed(&row, &columns, header.len()).with_context(|| format!("line {line}"))?;
        match places.get(&listed.file) {
            Some(place) => pictures[*place].captions.extend(listed.captions),
            None => {
                places.insert(listed.file.clone(), pictures.len());
                pictures.push(listed);
            }
        }
    }
    Ok(pictures)
}

/// Comma, tab or bar: the one that the header has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default().as_bytes();
    let count = |sign: &u8| header.iter().filter(|byte| *byte == sign).count();
    // The last of several equals wins, so comma stands last.
    *b"|\t,".iter().max_by_key(|sign| count(sign)).unwrap_or(&b',')
}

fn columns(header: &StringRecord) -> Result<Columns> {
    let find = |names: &[&str]| header.iter().position(|name| names.contains(&name.trim()));
    let missing = |names: [&str; 4]| {
        let there: Vec<&str> = header.iter().collect();
        format!("line 1: the header names no column {}; it names {}", names.join(" or "), there.join(", "))
    };
    Ok(Columns {
        picture: find(&PICTURE).with_context(|| missing(PICTURE))?,
        caption: find(&CAPTION).with_context(|| missing(CAPTION))?,
        split: find(&["split"]),
    })
}

fn listed(row: &StringRecord, columns: &Columns, width: usize) -> Result<Listed> {
    ensure!(
        row.len() == width,
        "{} fields where the header names {width}; a caption that holds the separator needs quotes around it",
        row.len()
    );
    let field = |column: usize| row.get(column).unwrap_or_default().trim().to_owned();
    let file = field(columns.picture);
    ensure!(!file.is_empty(), "no picture is named");
    let split = columns.split.map(field).map(|name| {
        Split::named(&name).with_context(|| format!("no split is called `{name}`; train, val and test are"))
    });
    Ok(Listed { file, split: split.transpose()?, captions: vec![field(columns.caption)] })
}
