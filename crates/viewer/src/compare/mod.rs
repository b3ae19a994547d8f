//! `clip-lab compare`: means, differences, intervals and tests of arms or runs.
//!
//! ```text
//! store -> select: arms and runs -> read: values and ranks -> analysis (pure): Report -> terminal | Markdown | CSV | JSON
//! ```
//! `clip_lab_stats` documents the statistics.

mod analysis;
pub(crate) mod cells;
mod csv;
pub(crate) mod legend;
pub(crate) mod markdown;
mod metric;
pub(crate) mod notes;
mod read;
pub(crate) mod report;
pub(crate) mod select;
mod terminal;
mod warnings;

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{CompareArgs, VERSION, eprint, json_document};
use clip_lab_store::Reader;

use crate::width;
pub use report::Report;
pub(crate) use select::Selection;

/// Compares arms and formats the report as `args` request.
///
/// # Errors
/// If the store cannot be read, or a study, run, arm or metric does not exist.
pub fn compare(store: &Path, args: &CompareArgs) -> Result<String> {
    let report = report(store, args)?;
    match args {
        CompareArgs { json: true, .. } => Ok(json_document(serde_json::to_value(&report)?)),
        CompareArgs { csv: true, .. } => {
            eprint(report.remarks(width()));
            report.to_csv()
        }
        CompareArgs { markdown: true, .. } => Ok(report.to_markdown()),
        _ => Ok(report.to_text(width())),
    }
}

/// Compares arms.
pub fn report(store: &Path, args: &CompareArgs) -> Result<Report> {
    Ok(compare_arms(&Reader::open(store)?, args)?.1)
}

/// Compares arms. Also returns the compared runs.
pub(crate) fn compare_arms(reader: &Reader, args: &CompareArgs) -> Result<(Selection, Report)> {
    let selection = select::select(reader, &args.what)?;
    let reference = selection.reference(args.reference.as_deref())?;
    let metrics = metric::metrics(reader, &selection, args)?;
    let explicit = !args.metric.is_empty() || args.weights.is_some();
    let mut tables = Vec::new();
    for metric in &metrics {
        let (samples, declared) = read::samples(reader, &selection.arms, metric, explicit)?;
        tables.push(analysis::table(metric, declared, &samples, &reference));
    }
    let splits = metrics.iter().map(|metric| metric.split.as_str());
    let report = Report {
        version: VERSION,
        warnings: warnings::warnings(reader, &selection.arms, &splits.collect::<Vec<_>>())?,
        study: selection.study.clone(),
        reference,
        draws: clip_lab_stats::DRAWS,
        tables,
        not_counted: selection.not_counted.clone(),
    };
    Ok((selection, report))
}
