//! Charts and numbers for the paper.
//!
//! ```text
//! Figure or plain data -> forms -> Scene (mm) -> SVG -> PNG, PDF
//! points of the store -> data: CSV, Parquet, TensorBoard
//! ```

pub mod about;
pub mod data;
pub(crate) mod font;
pub mod forms;
pub mod frame;
mod lines;
mod outline;
mod paper;
mod pdf;
pub(crate) mod png;
mod save;
pub mod scene;
mod series;
pub(crate) mod svg;
mod type_size;
pub mod words;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clip_lab_store::{Axis, Reader, RunRow};

pub use about::{About, Source};
pub use save::{Format, save};
pub use series::chart;

use crate::figure::{Band, By, Figure, Form};

/// What to export, how, and where to.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// The metrics; each becomes a line for every run. Files of points hold all of them when none is named.
    pub metrics: Vec<String>,
    /// The horizontal axis.
    pub x: Axis,
    /// The form of the vertical axis.
    pub y: Form,
    /// Half-life of the smoothing in steps, zero for none. Files of points are never smoothed.
    pub smooth: f64,
    /// What is drawn as one curve: the mean of its runs.
    pub by: By,
    /// What is shaded around a line.
    pub band: Band,
    /// Whether the single runs of a group are drawn too, thin.
    pub seeds: bool,
    /// The group that is drawn in grey, as what the others are held against.
    pub reference: Option<String>,
    /// Size on paper.
    pub size: Size,
    /// The file, or for TensorBoard the folder.
    pub out: PathBuf,
    /// What it becomes; else its ending says so.
    pub format: Option<Format>,
    /// Whether the caption is written beside it, as `.txt` and as `.tex`.
    pub caption: bool,
}

/// The size of a chart on paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Millimetres; 85 for one column of a paper, 175 for two.
    pub width_mm: f64,
    /// Millimetres.
    pub height_mm: f64,
    /// Pixels from left to right of a PNG.
    pub pixels: u32,
}

impl Default for Size {
    fn default() -> Self {
        Size { width_mm: 120.0, height_mm: 75.0, pixels: 1600 }
    }
}

impl Size {
    /// Refuses what nothing can be drawn on.
    ///
    /// # Errors
    /// Below 30 mm or above a metre.
    pub fn check(&self) -> Result<()> {
        let sound = |mm: f64| (30.0..=1000.0).contains(&mm);
        ensure!(
            sound(self.width_mm) && sound(self.height_mm),
            "a chart is 30 to 1000 mm wide and high, not {} by {}",
            self.width_mm,
            self.height_mm
        );
        Ok(())
    }
}

/// The chart as an SVG document.
///
/// # Errors
/// When the size is unusable.
pub fn svg(figure: &Figure, size: Size) -> Result<String> {
    let names: Vec<&str> = figure.series.iter().map(|series| series.name.as_str()).collect();
    let words = format!(
        "{} over {}: {}. {}",
        figure.title,
        figure.x.title,
        names.join(", "),
        figure.notes.join("; ")
    );
    Ok(outline::outlined(&svg::document(&forms::curves(figure, size)?, words.trim(), "")?))
}

/// Any form of a chart as an SVG document; `words` say what it shows.
///
/// # Errors
/// When the backend cannot draw it.
pub fn scene_svg(scene: &scene::Scene, words: &str) -> Result<String> {
    svg::document(scene, words, "")
}

/// Writes one chart of `runs`, or their points, to [`ExportOptions::out`]. The same data give the same bytes.
///
/// # Errors
/// In sentences: no run or metric given, a run without the metric, an unknown ending, an unusable size, or a file
/// that cannot be written.
pub fn export(reader: &Reader, runs: &[RunRow], options: &ExportOptions) -> Result<Vec<PathBuf>> {
    ensure!(!runs.is_empty(), "no run to export: name one, such as the uid that `clip-lab runs list` shows");
    let format = Format::of(&options.out, options.format)?;
    if format.is_data() {
        let lines = data::points(reader, runs, &options.metrics)?;
        return save::points(&lines, format, &options.out);
    }
    if options.metrics.is_empty() {
        bail!("no metric to export: name one with --metric, such as --metric train/loss");
    }
    let figure = chart(reader, runs, options)?;
    let sources = runs.iter().map(|run| Source::read(reader, run)).collect::<Result<Vec<_>>>()?;
    let what = format!("Curves of {} over {}", options.metrics.join(", "), figure.x.title);
    let notes: Vec<String> = figure.notes.iter().chain(&figure.shaded).cloned().collect();
    let about = About::new("curves", &what, &sources, &notes);
    save(&forms::curves(&figure, options.size)?, &about, options)
}
