//! The page: one file, readable without scripts.

use anyhow::Result;
use askama::Template;

use super::{
    drawing::Drawing,
    gather::Gathered,
    model::Model,
    provenance::Provenance,
    view::{TableView, code},
};

/// Styles: light, dark, on paper.
const STYLE: &str = include_str!("../../templates/report/style.css");
/// Sorting of tables and values under the pointer.
const SCRIPT: &str = include_str!("../../templates/report/script.js");

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    model: &'a Model,
    tables: Vec<TableView>,
    drawings: Vec<Inline<'a>>,
    provenance: Provenance,
    style: &'static str,
    script: &'static str,
}

impl Page<'_> {
    /// A sentence with what stands between backticks as code.
    fn words(&self, words: &str) -> String {
        let escaped =
            |part: &str| askama::filters::escape(part, askama::filters::Html).map(|safe| safe.to_string());
        let parts = code(words).into_iter().map(|(part, is_code)| match (escaped(part), is_code) {
            (Ok(part), true) => format!("<code>{part}</code>"),
            (Ok(part), false) => part,
            (Err(_), _) => String::new(),
        });
        parts.collect()
    }
}

struct Inline<'a> {
    drawing: &'a Drawing,
    svg: String,
}

/// The page of a report.
///
/// # Errors
/// None that a user can meet: it is written to memory.
pub fn page(found: &Gathered) -> Result<String> {
    let model = &found.model;
    let inline = |drawing| Inline { svg: Drawing::inline(drawing), drawing };
    let page = Page {
        model,
        tables: model.comparison.tables.iter().map(|table| TableView::of(&model.comparison, table)).collect(),
        drawings: found.drawings.iter().map(inline).collect(),
        provenance: Provenance::of(&model.runs),
        style: STYLE,
        script: SCRIPT,
    };
    Ok(page.render()?)
}
