//! The HTML page: one file, readable without scripts.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    drawing::Drawing,
    gather::ReportData,
    model::{FoundImage, Model},
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
    /// The thumbnail as a data URI.
    fn thumbnail(&self, image: &FoundImage) -> Option<String> {
        let jpeg = self.thumbnails.get(image.digest.as_ref()?)?;
        Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)))
    }

    fn has_curves(&self) -> bool {
        self.drawings.iter().any(|inline| inline.drawing.is_curves())
    }

    /// A sentence as HTML, with backticks as code.
    fn sentence(&self, text: &str) -> String {
        let escaped =
            |part: &str| askama::filters::escape(part, askama::filters::Html).map(|safe| safe.to_string());
        let parts = code(text).into_iter().map(|(part, is_code)| match (escaped(part), is_code) {
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

/// Renders the page of a report.
pub fn page(data: &ReportData) -> Result<String> {
    let model = &data.model;
    let page = Page {
        model,
        tables: model.comparison.tables.iter().map(|table| TableView::of(&model.comparison, table)).collect(),
        drawings: data.drawings.iter().map(Inline::of).collect(),
        provenance: Provenance::of(&model.runs),
        thumbnails: &data.thumbnails,
        style: &SHEET,
        script: SCRIPT,
        policy: policy(),
    };
    Ok(page.render()?)
}
