//! Export of charts and points.
//!
//! ```text
//! Figure or plain data -> forms -> Scene (mm) -> SVG -> PNG, PDF
//! points of the store -> data: CSV, Parquet, TensorBoard
//! ```

pub mod data;
pub(crate) mod font;
pub mod forms;
pub mod frame;
mod lines;
pub mod measure;
pub mod metadata;
mod outline;
mod page;
mod pdf;
pub(crate) mod png;
mod save;
pub mod scene;
mod series;
pub(crate) mod svg;
mod type_size;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clip_lab_store::{Axis, Reader, RunRow};

pub use metadata::{ChartMetadata, Source};
pub use save::{Format, save};
pub use series::{chart, rows};

use crate::figure::{Band, Figure, Form, GroupBy};

/// Options of an export.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// The metrics, one curve per metric and run. Point files contain all metrics if empty.
    pub metrics: Vec<String>,
    /// The horizontal axis.
    pub x: Axis,
    /// The form of the vertical axis.
    pub y: Form,
    /// Half-life of the smoothing in steps, zero for none. Points are never smoothed.
    pub smooth: f64,
    /// The grouping of runs: each group is drawn as the mean of its runs.
    pub by: GroupBy,
    /// The band around a line.
    pub band: Band,
    /// Whether to draw the single runs of a group too, thin.
    pub seeds: bool,
    /// The reference group, drawn in grey.
    pub reference: Option<String>,
    /// Size on paper.
    pub size: Size,
    /// The output file, or for TensorBoard the folder.
    pub out: PathBuf,
    /// The format; by default from the file extension.
    pub format: Option<Format>,
    /// Whether to write the caption too, as `.txt` and `.tex`.
    pub caption: bool,
}

/// The size of a chart on paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Width in mm; 85 for one column of a paper, 175 for two.
    pub width_mm: f64,
    /// Height in mm.
    pub height_mm: f64,
    /// Width of a PNG in pixels.
    pub pixels: u32,
}

impl Default for Size {
    fn default() -> Self {
        Size { width_mm: 120.0, height_mm: 75.0, pixels: 1600 }
    }
}

impl Size {
    /// Checks the size.
    ///
    /// # Errors
    /// If a side is below 30 mm or above 1000 mm.
    pub fn check(&self) -> Result<()> {
        let valid = |mm: f64| (30.0..=1000.0).contains(&mm);
        ensure!(
            valid(self.width_mm) && valid(self.height_mm),
            "a chart must be 30 to 1000 mm wide and high, not {} by {}",
            self.width_mm,
            self.height_mm
        );
        Ok(())
    }
}

/// The chart as an SVG document.
///
/// # Errors
/// If the size is invalid.
pub fn svg(figure: &Figure, size: Size) -> Result<String> {
    let names: Vec<&str> = figure.series.iter().map(|series| series.name.as_str()).collect();
    let description = format!(
        "{} over {}: {}. {}",
        figure.title,
        figure.x.title,
        names.join(", "),
        figure.notes.join("; ")
    );
    Ok(outline::outlined(&svg::document(&forms::curves(figure, size)?, description.trim(), "")?))
}

/// Any chart as an SVG document; `description` is its text alternative.
///
/// # Errors
/// If the backend cannot draw it.
pub fn scene_svg(scene: &scene::Scene, description: &str) -> Result<String> {
    Ok(outline::outlined(&svg::document(scene, description, "")?))
}

/// Writes one chart of `runs`, or their points, to [`ExportOptions::out`]. Deterministic: the same data give the same bytes.
///
/// # Errors
/// Without a run or a metric, for a run that lacks the metric, an unknown file extension, an invalid size, or a file that
/// cannot be written.
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
    let metadata = ChartMetadata::new("curves", &what, &sources, &notes);
    save(&forms::curves(&figure, options.size)?, &metadata, options)
}
