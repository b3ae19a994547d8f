//! `clip-lab compare`: which arm is better, by how much, and how sure that is.
//!
//! ```text
//! store -> select: arms and their runs -> read: values and ranks -> judge (pure): Report -> terminal | Markdown | CSV | JSON
//! ```
//! What is computed and why is said in `clip_lab_stats`.

pub(crate) mod cells;
mod csv;
mod judge;
pub(crate) mod legend;
pub(crate) mod markdown;
mod metric;
mod read;
pub(crate) mod remark;
pub(crate) mod report;
pub(crate) mod select;
mod terminal;
mod warn;

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{CompareArgs, VERSION, answer, talk};
use clip_lab_store::Reader;

use crate::width;
pub use report::Report;
pub(crate) use select::Selection;

/// Compares arms and prints what was found as `args` ask.
///
/// # Errors
/// Those of the store; a study, run, arm or metric that is not there.
pub fn compare(store: &Path, args: &CompareArgs) -> Result<String> {
    let report = report(store, args)?;
    match args {
        CompareArgs { json: true, .. } => Ok(answer(serde_json::to_value(&report)?)),
        CompareArgs { csv: true, .. } => {
            talk(report.remarks(width()));
            report.to_csv()
        }
        CompareArgs { markdown: true, .. } => Ok(report.to_markdown()),
        _ => Ok(report.to_text(width())),
    }
}

/// Compares arms.
///
/// # Errors
/// As [`compare`].
pub fn report(store: &Path, args: &CompareArgs) -> Result<Report> {
    Ok(found(&Reader::open(store)?, args)?.1)
}

/// Compares arms; the runs that were compared as well.
pub(crate) fn found(reader: &Reader, args: &CompareArgs) -> Result<(Selection, Report)> {
    let selection = select::select(reader, &args.what)?;
    let reference = selection.reference(args.reference.as_deref())?;
    let metrics = metric::chosen(reader, &selection, args)?;
    let asked = !args.metric.is_empty() || args.weights.is_some();
    let mut tables = Vec::new();
    for metric in &metrics {
        let (samples, goal) = read::samples(reader, &selection.arms, metric, asked)?;
        tables.push(judge::table(metric, goal, &samples, &reference));
    }
    let splits = metrics.iter().map(|metric| metric.split.as_str());
    let report = Report {
        version: VERSION,
        warnings: warn::warnings(reader, &selection.arms, &splits.collect::<Vec<_>>())?,
        study: selection.study.clone(),
        reference,
        draws: clip_lab_stats::DRAWS,
        tables,
        not_counted: selection.not_counted.clone(),
    };
    Ok((selection, report))
}
