//! A contact sheet as HTML: one file with embedded images, without scripts and network.

use anyhow::Result;
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_chart::sheet::{Jpeg, Sheet};

/// Styles: light and dark.
const STYLE: &str = include_str!("../../templates/search/style.css");

#[derive(Template)]
#[template(path = "search/page.html")]
struct Page<'a> {
    sheet: &'a Sheet,
    style: &'static str,
}

impl Page<'_> {
    /// An image as a data URI.
    fn data_uri(&self, jpeg: &Jpeg) -> String {
        format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))
    }

    /// The last part of a path.
    fn short<'t>(&self, text: &'t str) -> &'t str {
        text.rsplit('/').next().unwrap_or_default()
    }

    fn is_right(&self, right: &Option<bool>) -> bool {
        *right == Some(true)
    }
}

/// Renders the page of a sheet.
pub fn page(sheet: &Sheet) -> Result<String> {
    Ok(Page { sheet, style: STYLE }.render()?)
}
