//! Charts and numbers for the paper: SVG, PNG and CSV.

mod csv;
mod font;
mod lines;
mod paper;
mod png;
mod svg;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_store::{Axis, Bucket, Point, Reader, RunRow};

use crate::{
    figure::{Bad, Figure, Form, Rows, View, figure, x},
    names::{label, short_names},
    palette::COLOURS,
};

pub use svg::svg;

/// Buckets that a series keeps on paper, a few in each millimetre. A shorter series is drawn value by value; of a
/// longer one the line shows the means and the band the extremes.
const BUCKETS: usize = 480;

/// What to export, how, and where to.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The metrics; each becomes a line for every run.
    pub metrics: Vec<String>,
    /// The horizontal axis.
    pub x: Axis,
    /// Whether the vertical axis is logarithmic.
    pub log: bool,
    /// Half-life of the smoothing in steps, zero for none. CSV files are never smoothed.
    pub smooth: f64,
    /// Size on paper.
    pub size: Size,
    /// The file; its ending says what it becomes: `.svg`, `.png` or `.csv`.
    pub out: PathBuf,
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

/// Writes one chart of `runs`, or their points, to [`ExportOptions::out`]. The same data give the same bytes.
///
/// # Errors
/// In sentences: no run or metric given, a run without the metric, an unknown ending, an unusable size, or a file
/// that cannot be written.
pub fn export(reader: &Reader, runs: &[RunRow], options: &ExportOptions) -> Result<()> {
    ensure!(!runs.is_empty(), "no run to export: name one, such as the uid that `clip-lab runs list` shows");
    ensure!(
        !options.metrics.is_empty(),
        "no metric to export: name one with --metric, such as --metric train/loss"
    );
    let bytes = match ending(&options.out).as_str() {
        "svg" => svg(&chart(reader, runs, options)?, options.size)?.into_bytes(),
        "png" => png::png(&svg(&chart(reader, runs, options)?, options.size)?, options.size)?,
        "csv" => csv::csv(&points(reader, runs, options)?)?,
        other => {
            bail!("cannot export to {}: `.{other}` is not one of .svg, .png, .csv", options.out.display())
        }
    };
    std::fs::write(&options.out, bytes).with_context(|| format!("cannot write {}", options.out.display()))
}

fn ending(path: &Path) -> String {
    path.extension().map_or(String::new(), |ending| ending.to_string_lossy().to_lowercase())
}

/// The figure of the metrics of `runs`.
fn chart(reader: &Reader, runs: &[RunRow], options: &ExportOptions) -> Result<Figure> {
    let shorts = short_names(&options.metrics);
    let mut rows = Vec::new();
    for (colour, run) in runs.iter().enumerate() {
        for (dash, metric) in options.metrics.iter().enumerate() {
            let buckets = buckets(reader, run, metric, options.x)?;
            let name = label(&run.name, &shorts[dash], runs.len(), options.metrics.len());
            let colour = if runs.len() == 1 { dash } else { colour };
            let dash = if runs.len() == 1 { 0 } else { dash };
            let per_step = x::per_step(options.x, run);
            rows.push(Rows { name, colour: colour % COLOURS, dash, per_step, ..buckets });
        }
    }
    let view = View {
        x: options.x,
        y: if options.log { Form::Log } else { Form::Linear },
        smooth: options.smooth,
        ..View::default()
    };
    Ok(figure(&heading(&options.metrics, &shorts), &rows, view))
}

/// `val/{t2i, i2t}/hit@1` for several metrics that differ in one place.
fn heading(metrics: &[String], shorts: &[String]) -> String {
    match (metrics, shorts) {
        ([first, _, ..], [short, ..]) if first != short => {
            first.replacen(short.as_str(), &format!("{{{}}}", shorts.join(", ")), 1)
        }
        _ => metrics.join(", "),
    }
}

/// The buckets of one metric; they do not say what was not finite, the points do.
fn buckets(reader: &Reader, run: &RunRow, metric: &str, axis: Axis) -> Result<Rows> {
    let buckets: Vec<Bucket> = reader.buckets(run.id, metric, axis, None, BUCKETS)?;
    let mut bad = Vec::new();
    let mut first_bad_step = None;
    if buckets.iter().any(|bucket| bucket.n_bad > 0) {
        let points = reader.points(run.id, metric)?;
        let marks = points.iter().filter_map(|p| Some((x::of(axis, p, run), Bad::of(p.value)?)));
        bad = marks.collect();
        first_bad_step = points.iter().find(|p| !p.value.is_finite()).map(|p| p.step);
    }
    Ok(Rows { name: String::new(), colour: 0, dash: 0, per_step: 1.0, bad, first_bad_step, buckets })
}

/// Every point of the metrics, run by run.
fn points(reader: &Reader, runs: &[RunRow], options: &ExportOptions) -> Result<Vec<csv::Line>> {
    let mut lines = Vec::new();
    for run in runs {
        for metric in &options.metrics {
            let points: Vec<Point> = reader.points(run.id, metric)?;
            lines.extend(points.into_iter().map(|point| csv::Line {
                run: run.uid.clone(),
                name: run.name.clone(),
                metric: metric.clone(),
                wall_s: (point.wall_ms - run.started_ms) as f64 / 1000.0,
                point,
            }));
        }
    }
    Ok(lines)
}
