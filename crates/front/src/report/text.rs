//! The report in Markdown.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;

use super::{
    gather::Gathered,
    model::{Model, Picture},
    provenance::Provenance,
    view::{TableView, code},
};
use crate::compare::markdown;

#[derive(Template)]
#[template(path = "report/report.md", escape = "none")]
struct Text<'a> {
    model: &'a Model,
    tables: Vec<(TableView, String)>,
    thumbnails: &'a BTreeMap<String, Vec<u8>>,
    provenance: Provenance,
}

impl Text<'_> {
    /// Words that Markdown leaves as they are.
    fn plain(&self, words: &str) -> String {
        markdown::escape(words)
    }

    /// Whether there is a thumbnail of it.
    fn has(&self, picture: &Picture) -> bool {
        picture.digest.as_ref().is_some_and(|digest| self.thumbnails.contains_key(digest))
    }

    /// A sentence, with code as code.
    fn words(&self, words: &str) -> String {
        let parts = code(words).into_iter().filter(|(part, _)| !part.is_empty());
        parts
            .map(|(part, is_code)| if is_code { format!("`{part}`") } else { markdown::escape(part) })
            .collect()
    }

    /// A line of a table.
    fn line(&self, first: &[&str], rest: &[String]) -> String {
        let all = first.iter().copied().chain(rest.iter().map(String::as_str));
        format!("| {} |", all.map(markdown::escape).collect::<Vec<_>>().join(" | "))
    }

    /// The line below the headings, for so many columns.
    fn rule(&self, columns: usize) -> String {
        format!("|{}", "---|".repeat(columns))
    }

    /// Values of a setting, a dash where there is none.
    fn values(&self, values: &[Option<String>]) -> Vec<String> {
        values.iter().map(|value| value.clone().unwrap_or_else(|| "–".to_owned())).collect()
    }
}

/// The Markdown of a report.
///
/// # Errors
/// None that a user can meet: it is written to memory.
pub fn text(found: &Gathered) -> Result<String> {
    let model = &found.model;
    let tables = model.comparison.tables.iter();
    let text = Text {
        model,
        tables: tables
            .map(|table| (TableView::of(&model.comparison, table), markdown::one(&model.comparison, table)))
            .collect(),
        thumbnails: &found.thumbnails,
        provenance: Provenance::of(&model.runs),
    };
    Ok(text.render()?)
}
