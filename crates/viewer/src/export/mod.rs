//! `clip-lab export`: charts and points of runs.

mod forms;
mod from_comparison;
mod from_runs;
mod layout;

pub(crate) use forms::intervals;
pub(crate) use from_comparison::blocks;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clip_lab_chart::{
    ExportOptions, Size,
    export::{self, Format},
    figure::{Form, GroupBy},
};
use clip_lab_cli::{ChartForm, ExportArgs, FileFormat, XAxis, json_document, shown};
use clip_lab_store::{Axis, Reader, RunRow};
use serde_json::json;

use crate::compare::select::select;

/// Exports what `args` request and lists the files.
///
/// # Errors
/// If the store cannot be read, a study, run or metric does not exist, or a file cannot be written.
pub fn export(store: &Path, args: &ExportArgs) -> Result<String> {
    let reader = Reader::open(store)?;
    let (runs, study) = runs(&reader, &args.what)?;
    let options = options(args, study);
    if let Some(layout) = &args.layout {
        let (files, missing) =
            layout::layout(&reader, &runs, &crate::charts::read_layout(store, Some(layout))?, &options)?;
        return Ok(summary(&files, &missing, args.json));
    }
    let points = Format::of(&options.out, options.format)?.is_data();
    let files = match args.form {
        form if form == ChartForm::Curves || points => export::export(&reader, &runs, &options)?,
        _ => forms::export_form(&reader, store, args, &runs, &options)?,
    };
    Ok(summary(&files, &[], args.json))
}

/// The runs, and whether they are of a study. Of a study, only runs that count in its comparison.
fn runs(reader: &Reader, what: &[String]) -> Result<(Vec<RunRow>, bool)> {
    let all = reader.runs()?;
    let study = match what {
        [one] => one.ends_with(".toml") || all.iter().any(|run| run.study.as_deref() == Some(one)),
        _ => false,
    };
    let rows = match study {
        true => select(reader, what)?.arms.into_iter().flat_map(|arm| arm.runs).collect(),
        false => what.iter().map(|run| reader.run(run)).collect::<Result<_, _>>()?,
    };
    Ok((rows, study))
}

fn options(args: &ExportArgs, study: bool) -> ExportOptions {
    let group = args.group.as_deref().unwrap_or(if study { "arm" } else { "run" });
    ExportOptions {
        metrics: args.metric.clone(),
        x: axis(args.x),
        y: if args.log { Form::Log } else { Form::Linear },
        smooth: args.smooth,
        by: GroupBy::read(group),
        seeds: args.seeds,
        reference: args.reference.clone(),
        size: Size { width_mm: args.width, height_mm: args.height, pixels: args.pixels },
        out: args.out.clone(),
        format: args.format.map(format),
        caption: args.caption,
        ..ExportOptions::default()
    }
}

fn axis(axis: XAxis) -> Axis {
    match axis {
        XAxis::Step => Axis::Step,
        XAxis::Epoch => Axis::Epoch,
        XAxis::Samples => Axis::Samples,
        XAxis::Wall => Axis::WallSeconds,
        XAxis::Active => Axis::ActiveSeconds,
    }
}

fn format(format: FileFormat) -> Format {
    match format {
        FileFormat::Svg => Format::Svg,
        FileFormat::Png => Format::Png,
        FileFormat::Pdf => Format::Pdf,
        FileFormat::Csv => Format::Csv,
        FileFormat::Parquet => Format::Parquet,
        FileFormat::Tensorboard => Format::Tensorboard,
    }
}

/// The written files, and the charts without data.
fn summary(files: &[PathBuf], missing: &[String], json: bool) -> String {
    if json {
        return json_document(json!({ "files": files, "nothing_recorded_for": missing }));
    }
    let written = files.iter().map(|file| format!("written to {}\n", shown(file.display())));
    let missing =
        (!missing.is_empty()).then(|| format!("nothing recorded for {}\n", shown(missing.join(", "))));
    written.chain(missing).collect()
}
