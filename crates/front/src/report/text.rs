//! The report in Markdown.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;
use clip_lab_escape::{code as code_span, inline, markdown as escape};

use super::{
    gather::Gathered,
    model::{Caption, Model, Picture},
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
        escape(words)
    }

    /// Words as code.
    fn code(&self, words: &str) -> String {
        code_span(words)
    }

    /// The drawings that are curves, or those that are not.
    fn figures(&self, curves: bool) -> Vec<&Caption> {
        self.model.figures.iter().filter(|figure| figure.file.starts_with("curve-") == curves).collect()
    }

    /// A drawing with what stands below it.
    fn figure(&self, figure: &Caption) -> String {
        let title = escape(&figure.title);
        let words =
            if figure.words.is_empty() { String::new() } else { format!(": {}", inline(&figure.words)) };
        format!("![{title}](figures/{}.svg)\n\n{title}{words}\n", figure.file)
    }

    /// Seeds as headings.
    fn seeds(&self, seeds: &[u64]) -> Vec<String> {
        seeds.iter().map(|seed| format!("seed {seed}")).collect()
    }

    /// Whether there is a thumbnail of it.
    fn has(&self, picture: &Picture) -> bool {
        picture.digest.as_ref().is_some_and(|digest| self.thumbnails.contains_key(digest))
    }

    /// A sentence, with code as code.
    fn words(&self, words: &str) -> String {
        let parts = code(words).into_iter().enumerate().filter(|(_, (part, _))| !part.is_empty());
        let written = |(at, (part, is_code))| match (at, is_code) {
            (_, true) => code_span(part),
            (0, false) => escape(part),
            (_, false) => inline(part),
        };
        parts.map(written).collect()
    }

    /// A line of a table.
    fn line(&self, first: &[&str], rest: &[String]) -> String {
        let all = first.iter().copied().chain(rest.iter().map(String::as_str));
        format!("| {} |", all.map(escape).collect::<Vec<_>>().join(" | "))
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
            .map(|table| {
                (TableView::of(&model.comparison, table), markdown::table_markdown(&model.comparison, table))
            })
            .collect(),
        thumbnails: &found.thumbnails,
        provenance: Provenance::of(&model.runs),
    };
    Ok(text.render()?)
}
