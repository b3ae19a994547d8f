//! `clip-lab export`: charts and points of runs.

mod formed;
mod layout;
mod measured;
mod recorded;

pub(crate) use formed::intervals;
pub(crate) use measured::blocks;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clip_lab_board::{
    ExportOptions, Size,
    export::{self, Format},
    figure::{By, Form},
};
use clip_lab_cli::{ChartForm, ExportArgs, FileFormat, XAxis, answer, shown};
use clip_lab_store::{Axis, Reader, RunRow};
use serde_json::json;

use crate::compare::select::select;

/// Writes what `args` ask for and says which files.
///
/// # Errors
/// Those of the store and of the exporter; a study, run or metric that is not there.
pub fn export(store: &Path, args: &ExportArgs) -> Result<String> {
    let reader = Reader::open(store)?;
    let (runs, study) = runs(&reader, &args.what)?;
    let options = options(args, study);
    if let Some(layout) = &args.layout {
        let (files, without) =
            layout::layout(&reader, &runs, &crate::charts::read_layout(store, Some(layout))?, &options)?;
        return Ok(told(&files, &without, args.json));
    }
    let points = Format::of(&options.out, options.format)?.is_data();
    let files = match args.form {
        form if form == ChartForm::Curves || points => export::export(&reader, &runs, &options)?,
        _ => formed::formed(&reader, store, args, &runs, &options)?,
    };
    Ok(told(&files, &[], args.json))
}

/// The runs that are meant, and whether they are those of a study; of that only those count that its table counts.
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
        by: By::read(group),
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

/// What was written, and the charts that had nothing to show.
fn told(files: &[PathBuf], without: &[String], json: bool) -> String {
    if json {
        return answer(json!({ "files": files, "nothing_recorded_for": without }));
    }
    let written = files.iter().map(|file| format!("written to {}\n", shown(file.display())));
    let without =
        (!without.is_empty()).then(|| format!("nothing recorded for {}\n", shown(without.join(", "))));
    written.chain(without).collect()
}
