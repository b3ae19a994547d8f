//! Tables with one row per caption: Kaggle's Flickr8k (`image,caption`), Flickr30k's `results.csv`
//! (`image_name| comment_number| comment`), open_clip's CSV (`filepath` and `title`, separated by tabs).

use anyhow::{Context, Result, ensure};
use csv::{ReaderBuilder, StringRecord};

use super::{
    columns::{ColumnOverrides, Columns},
    list::{Entry, List, split},
};

/// Maximum number of lines of a caption. A longer one starts with an unclosed quote and swallows the rows after it.
const MAX_LINES: usize = 50;

/// Gathers the rows of each image. Unusable rows are left out and listed by line.
///
/// # Errors
/// If the header lacks a column.
pub fn read(text: &str, overrides: ColumnOverrides<'_>) -> Result<List> {
    let separator = separator(text, overrides);
    let mut reader = ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().context("line 1")?.clone();
    let columns = Columns::find(&header.iter().collect::<Vec<_>>(), overrides).context("line 1")?;
    let mut list = List::default();
    for row in reader.records() {
        let row = row?;
        let line = || format!("line {}", row.position().map_or(0, |position| position.line()));
        if let Some(caption) = recovered(&row, &header, &columns) {
            let file = row.get(columns.picture).unwrap_or_default().trim();
            list.notes.push(format!(
                "{}: a separator is missing after the comment number ({file}), read anyway",
                line()
            ));
            list.entry(line, Ok((file.to_owned(), None, vec![caption])));
        } else {
            list.entry(line, listed(&row, &columns, header.len()));
        }
    }
    Ok(list)
}

/// Comma, tab, bar or semicolon: the one that separates the needed columns, else the most frequent one of the header.
fn separator(text: &str, overrides: ColumnOverrides<'_>) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |sign: &u8| header.bytes().filter(|byte| byte == sign).count();
    let mut signs = *b",\t|;";
    signs.sort_by_key(|sign| std::cmp::Reverse(count(sign)));
    let serves = |sign: &u8| {
        let mut reader = ReaderBuilder::new().delimiter(*sign).from_reader(header.as_bytes());
        reader
            .headers()
            .is_ok_and(|names| Columns::find(&names.iter().collect::<Vec<_>>(), overrides).is_ok())
    };
    signs.iter().copied().find(serves).unwrap_or(signs[0])
}

/// The caption of a row that lacks the separator between comment number and caption: `2199200615.jpg| 4   A dog runs`.
/// Flickr30k has one such row.
fn recovered(row: &StringRecord, header: &StringRecord, columns: &Columns) -> Option<String> {
    let [caption] = columns.captions[..] else { return None };
    let number = caption.checked_sub(1).filter(|number| *number != columns.picture)?;
    let named = header.get(number).is_some_and(|name| name.trim() == "comment_number");
    if !named || caption + 1 != header.len() || row.len() + 1 != header.len() {
        return None;
    }
    let (digits, caption) = row.get(number)?.trim().split_once(char::is_whitespace)?;
    digits.parse::<u32>().ok().map(|_| caption.trim().to_owned())
}

fn listed(row: &StringRecord, columns: &Columns, width: usize) -> Result<Entry> {
    ensure!(
        row.len() == width,
        "{} fields where the header has {width}; a caption that contains the separator must be quoted",
        row.len()
    );
    let field = |column: usize| row.get(column).unwrap_or_default();
    let file = field(columns.picture).trim();
    ensure!(!file.is_empty(), "it names no image");
    let captions: Vec<String> = columns.captions.iter().map(|column| field(*column).to_owned()).collect();
    let lines = captions.iter().map(|caption| caption.lines().count()).max().unwrap_or(0);
    ensure!(
        lines <= MAX_LINES,
        "the caption of {file} has {lines} lines: it starts with a quote that is not closed"
    );
    Ok((file.to_owned(), columns.split.map(|column| split(field(column))).transpose()?, captions))
}
