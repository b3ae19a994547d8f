//! A contact sheet as a page: one file with the pictures in it, readable without scripts and without a network.

use anyhow::Result;
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_board::sheet::{Jpeg, Sheet};

/// Styles: light, dark, on paper.
const STYLE: &str = include_str!("../../templates/search/style.css");

#[derive(Template)]
#[template(path = "search/page.html")]
struct Page<'a> {
    sheet: &'a Sheet,
    style: &'static str,
}

impl Page<'_> {
    /// A picture as an address that holds it.
    fn address(&self, jpeg: &Jpeg) -> String {
        format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))
    }

    /// The last part of a path.
    fn short<'w>(&self, words: &'w str) -> &'w str {
        words.rsplit('/').next().unwrap_or_default()
    }

    fn is_right(&self, right: &Option<bool>) -> bool {
        *right == Some(true)
    }
}

/// The page of a sheet.
///
/// # Errors
/// None that a user can meet: it is written to memory.
pub fn page(sheet: &Sheet) -> Result<String> {
    Ok(Page { sheet, style: STYLE }.render()?)
}
