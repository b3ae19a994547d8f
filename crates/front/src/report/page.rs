//! The page: one file, readable without scripts.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    drawing::Drawing,
    gather::Gathered,
    model::{Model, Picture},
    provenance::Provenance,
    style::{SCRIPT, SHEET, policy},
    view::{TableView, code},
};

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    model: &'a Model,
    tables: Vec<TableView>,
    drawings: Vec<Inline<'a>>,
    provenance: Provenance,
    thumbnails: &'a BTreeMap<String, Vec<u8>>,
    style: &'static str,
    script: &'static str,
    policy: String,
}

impl Page<'_> {
    /// The thumbnail as an address that holds it.
    fn thumbnail(&self, picture: &Picture) -> Option<String> {
        let jpeg = self.thumbnails.get(picture.digest.as_ref()?)?;
        Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)))
    }

    fn has_curves(&self) -> bool {
        self.drawings.iter().any(|inline| inline.drawing.is_curves())
    }

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
    values: String,
}

impl<'a> Inline<'a> {
    fn of(drawing: &'a Drawing) -> Inline<'a> {
        Inline { svg: drawing.inline(), values: drawing.values(), drawing }
    }
}

/// The page of a report.
///
/// # Errors
/// None that a user can meet: it is written to memory.
pub fn page(found: &Gathered) -> Result<String> {
    let model = &found.model;
    let page = Page {
        model,
        tables: model.comparison.tables.iter().map(|table| TableView::of(&model.comparison, table)).collect(),
        drawings: found.drawings.iter().map(Inline::of).collect(),
        provenance: Provenance::of(&model.runs),
        thumbnails: &found.thumbnails,
        style: &SHEET,
        script: SCRIPT,
        policy: policy(),
    };
    Ok(page.render()?)
}
