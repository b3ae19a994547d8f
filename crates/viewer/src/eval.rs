//! `clip-lab eval --confusion`: `clip-lab-core` evaluates, this program draws.

use std::{ffi::OsString, fs, path::Path};

use anyhow::{Context as _, Result};
use clip_lab_chart::{
    ExportOptions, Size,
    export::{
        ChartMetadata, Format,
        forms::confusion::{Confusion, MOST, confusion},
        save,
    },
};
use clip_lab_cli::{Exit, note};
use serde::Deserialize;

use crate::core;

/// Width in millimetres: two columns of a paper.
const WIDTH_MM: f64 = 175.0;

/// The confusion matrix from `clip-lab-core`.
#[derive(Deserialize)]
struct Counts {
    title: String,
    classes: Vec<String>,
    counts: Vec<u64>,
}

/// Evaluates with the `arguments` of the command line, then draws the confusion matrix into the file `image`.
///
/// # Errors
/// If the extension is not supported, `clip-lab-core` does not start, or the file cannot be written.
pub fn with_image(arguments: impl Iterator<Item = OsString>, image: &Path) -> Result<Exit> {
    // Check the extension before the evaluation.
    let format = Format::of(image, None)?;
    anyhow::ensure!(!format.is_data(), "{} is not an image: name a .png, .svg or .pdf file", image.display());
    let file = tempfile::NamedTempFile::new().context("creating a temporary file")?;
    let mut core = core::command()?;
    let status = core.args(arguments).arg("--confusion-data").arg(file.path()).status()?;
    if !status.success() {
        return Ok(Exit::Failure);
    }
    let text = fs::read_to_string(file.path())?;
    if text.is_empty() {
        anyhow::bail!(
            "nothing was classified, so there is no confusion matrix: --confusion needs zero_shot or classification in --suite"
        );
    }
    let Counts { title, classes, counts } = serde_json::from_str(&text)?;
    let matrix = Confusion { title: title.clone(), classes, counts };
    let scene = confusion(&matrix, WIDTH_MM)?;
    let options = ExportOptions { out: image.to_owned(), size: Size::default(), ..ExportOptions::default() };
    let left_out = matrix.classes.len().saturating_sub(MOST);
    let notes: Vec<String> = (left_out > 0)
        .then(|| format!("{left_out} classes with fewer errors are left out"))
        .into_iter()
        .collect();
    notes.iter().for_each(|note| note!("{note}"));
    let metadata = ChartMetadata::new("confusion", &format!("Confusion matrix: {title}"), &[], &notes);
    for file in save(&scene, &metadata, &options)? {
        note!("written to {}", file.display());
    }
    Ok(Exit::Success)
}
