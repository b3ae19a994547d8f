//! The report as Markdown.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;
use clip_lab_escape::{code as code_span, inline, markdown as escape};

use super::{
    gather::ReportData,
    model::{Caption, FoundImage, Model},
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
    /// Escaped text.
    fn plain(&self, text: &str) -> String {
        escape(text)
    }

    /// Text as code.
    fn code(&self, text: &str) -> String {
        code_span(text)
    }

    /// The captions of curves, or of the other drawings.
    fn figures(&self, curves: bool) -> Vec<&Caption> {
        self.model.figures.iter().filter(|figure| figure.file.starts_with("curve-") == curves).collect()
    }

    /// A drawing with its caption.
    fn figure(&self, figure: &Caption) -> String {
        let title = escape(&figure.title);
        let metric = figure.metric.as_ref().map_or_else(String::new, |name| format!(", {}", code_span(name)));
        let notes =
            if figure.text.is_empty() { String::new() } else { format!(": {}", inline(&figure.text)) };
        format!("![{title}](figures/{}.svg)\n\n{title}{metric}{notes}\n", figure.file)
    }

    /// Headings of seeds.
    fn seeds(&self, seeds: &[u64]) -> Vec<String> {
        seeds.iter().map(|seed| format!("seed {seed}")).collect()
    }

    /// Whether the image has a thumbnail.
    fn has_thumbnail(&self, image: &FoundImage) -> bool {
        image.digest.as_ref().is_some_and(|digest| self.thumbnails.contains_key(digest))
    }

    /// A sentence as Markdown, with backticks as code.
    fn sentence(&self, text: &str) -> String {
        let parts = code(text).into_iter().enumerate().filter(|(_, (part, _))| !part.is_empty());
        let render = |(at, (part, is_code))| match (at, is_code) {
            (_, true) => code_span(part),
            (0, false) => escape(part),
            (_, false) => inline(part),
        };
        parts.map(render).collect()
    }

    /// A row of a table.
    fn line(&self, first: &[&str], rest: &[String]) -> String {
        let all = first.iter().copied().chain(rest.iter().map(String::as_str));
        format!("| {} |", all.map(escape).collect::<Vec<_>>().join(" | "))
    }

    /// The delimiter row of a table.
    fn rule(&self, columns: usize) -> String {
        format!("|{}", "---|".repeat(columns))
    }

    /// The values of a setting, with a dash for a missing one.
    fn values(&self, values: &[Option<String>]) -> Vec<String> {
        values.iter().map(|value| value.clone().unwrap_or_else(|| "–".to_owned())).collect()
    }
}

/// Renders the Markdown of a report.
pub fn text(data: &ReportData) -> Result<String> {
    let model = &data.model;
    let tables = model.comparison.tables.iter();
    let text = Text {
        model,
        tables: tables
            .map(|table| {
                (TableView::of(&model.comparison, table), markdown::table_markdown(&model.comparison, table))
            })
            .collect(),
        thumbnails: &data.thumbnails,
        provenance: Provenance::of(&model.runs),
    };
    Ok(text.render()?)
}
