//! `clip-lab eval --confusion`: the other binary evaluates, this one draws.

use std::{ffi::OsString, fs, path::Path};

use anyhow::{Context as _, Result};
use clip_lab_board::{
    ExportOptions, Size,
    export::{
        About, Format,
        forms::confusion::{Confusion, MOST, confusion},
        save,
    },
};
use clip_lab_cli::{Exit, say};
use serde::Deserialize;

use crate::core;

/// Millimetres from left to right: two columns of a paper.
const WIDE: f64 = 175.0;

/// What the other binary found.
#[derive(Deserialize)]
struct Found {
    title: String,
    classes: Vec<String>,
    counts: Vec<u64>,
}

/// Evaluates with `arguments` as given on the command line, then draws what was confused into `picture`.
///
/// # Errors
/// When the kind of picture is unknown, the other binary is missing, or the picture cannot be written.
pub fn with_picture(arguments: impl Iterator<Item = OsString>, picture: &Path) -> Result<Exit> {
    // Asked before the work, not after.
    let format = Format::of(picture, None)?;
    anyhow::ensure!(!format.is_data(), "{} is no picture: name a .png, .svg or .pdf", picture.display());
    let file = tempfile::NamedTempFile::new().context("a temporary file")?;
    let mut core = core::command()?;
    let status = core.args(arguments).arg("--confusion-data").arg(file.path()).status()?;
    if !status.success() {
        return Ok(Exit::Failed);
    }
    let text = fs::read_to_string(file.path())?;
    if text.is_empty() {
        anyhow::bail!(
            "nothing was classified, so there is no picture: --confusion wants zero_shot or classification among the --suite"
        );
    }
    let Found { title, classes, counts } = serde_json::from_str(&text)?;
    let of = Confusion { title: title.clone(), classes, counts };
    let scene = confusion(&of, WIDE)?;
    let options =
        ExportOptions { out: picture.to_owned(), size: Size::default(), ..ExportOptions::default() };
    let left_out = of.classes.len().saturating_sub(MOST);
    let notes: Vec<String> = (left_out > 0)
        .then(|| format!("{left_out} classes with fewer mistakes are left out"))
        .into_iter()
        .collect();
    notes.iter().for_each(|note| say!("{note}"));
    let about =
        About::new("confusion", &format!("Classes and what they were taken for: {title}"), &[], &notes);
    for file in save(&scene, &about, &options)? {
        say!("drawn into {}", file.display());
    }
    Ok(Exit::Fine)
}
