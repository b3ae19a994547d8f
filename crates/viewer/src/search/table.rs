//! Answers as text.

use clip_lab_chart::{
    table::table as lines,
    text::{Column, clean},
};
use clip_lab_search_protocol::{Found, Item, Miss, RankedItem};

use super::answers::{Answers, label};

/// A table for each query, in at most `width` columns if possible.
pub fn table(answers: &Answers, width: usize) -> String {
    let tables: Vec<String> = match answers {
        Answers::Found(all) => all
            .iter()
            .map(|(query, found)| format!("{}\n{}", clean(&label(query)), hits(found, width)))
            .collect(),
        Answers::Missed(misses) => misses.worst.iter().map(|miss| missed(miss, width)).collect(),
    };
    tables.join("\n")
}

fn hits(found: &Found, width: usize) -> String {
    // Never cut a name: users copy it.
    let heads = [Column::number("RANK", 0), Column::number("SCORE", 0), Column::text("IMAGE", 0, usize::MAX)];
    let row = |(hit, rank): (&clip_lab_search_protocol::Hit, usize)| {
        vec![rank.to_string(), format!("{:.4}", hit.score), hit.name.clone()]
    };
    let rows: Vec<Vec<String>> = found.hits.iter().zip(1..).map(row).collect();
    lines(&heads, &rows, width)
}

fn missed(miss: &Miss, width: usize) -> String {
    let what = if matches!(miss.query, Item::Text(_)) { "IMAGE" } else { "TEXT" };
    let heads = [
        Column::number("RANK", 0),
        Column::number("SCORE", 0),
        Column::text("", 0, 7),
        Column::text(what, 0, 20),
    ];
    let row = |answer: &RankedItem| {
        let right = if answer.right { "correct" } else { "" };
        vec![answer.rank.to_string(), format!("{:.4}", answer.score), right.to_owned(), item(&answer.item)]
    };
    let rows: Vec<Vec<String>> = miss.answers.iter().map(row).collect();
    format!(
        "{} (first correct at rank {})\n{}",
        clean(&item(&miss.query)),
        miss.rank,
        lines(&heads, &rows, width)
    )
}

/// A text, or the name of an image.
pub fn item(item: &Item) -> String {
    match item {
        Item::Text(text) => text.clone(),
        Item::Image { name, .. } => name.clone(),
    }
}
