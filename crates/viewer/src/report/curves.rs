//! Curves by arm.

use anyhow::Result;
use clip_lab_chart::figure::{Figure, NonFinite, Rows, View, figure, gather, grouped, x};
use clip_lab_store::{Axis, Reader, RunRow, SeriesRow};

use super::{drawing::Drawing, file_name::file_name, model::Settings};
use crate::compare::{Report, select::Arm};

/// Buckets of a curve.
const BUCKETS: usize = 240;
/// Metrics to show after the compared ones, if recorded.
const USUAL: [&str; 5] = ["train/loss", "val/loss", "train/accuracy", "train/logit_scale", "train/lr"];

/// The curves of a report: the compared metrics during training, then the usual ones.
pub fn curves(reader: &Reader, arms: &[Arm], report: &Report, settings: &Settings) -> Result<Vec<Drawing>> {
    // Steps of different batch sizes are not comparable.
    let batches_differ = settings.chosen.iter().any(|setting| setting.key == "run.batch");
    let axis = if batches_differ { Axis::Samples } else { Axis::Step };
    let recorded = arms
        .iter()
        .flat_map(|arm| &arm.runs)
        .map(|run| reader.series(run.id))
        .collect::<Result<Vec<_>, _>>()?;
    let mut drawings = Vec::new();
    for metric in metrics(report, &recorded) {
        if let Some(figure) = chart(reader, arms, &metric, axis)? {
            let file = format!("curve-{}", file_name(&metric).replace("--", "-"));
            drawings.push(Drawing::of_curves(&file, &figure)?);
        }
    }
    Ok(drawings)
}

/// The metrics with more than one value in some run.
fn metrics(report: &Report, recorded: &[Vec<SeriesRow>]) -> Vec<String> {
    let compared = report.tables.iter().flat_map(|table| [table.metric.clone(), on_val(&table.metric)]);
    let mut names: Vec<String> = Vec::new();
    for name in compared.chain(USUAL.map(str::to_owned)) {
        let drawable = recorded.iter().flatten().any(|series| series.name == name && series.n > 1);
        if drawable && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn on_val(metric: &str) -> String {
    metric.split_once('/').map_or_else(|| metric.to_owned(), |(_, rest)| format!("val/{rest}"))
}

/// The metric of an arm: of the moving average if the arm is compared by that.
fn metric_of(arm: &Arm, metric: &str) -> String {
    let averaged = arm.metric.as_ref().is_some_and(|own| own.contains("/ema/"));
    match metric.split_once('/') {
        Some((split, rest))
            if averaged && split != "train" && !rest.starts_with("ema/") && rest.contains('/') =>
        {
            format!("{split}/ema/{rest}")
        }
        _ => metric.to_owned(),
    }
}

fn chart(reader: &Reader, arms: &[Arm], metric: &str, axis: Axis) -> Result<Option<Figure>> {
    let mut all = Vec::new();
    for (colour, arm) in arms.iter().enumerate() {
        let own = metric_of(arm, metric);
        for run in &arm.runs {
            if reader.series(run.id)?.iter().any(|series| series.name == own && series.n > 1) {
                all.push(Rows { name: arm.name.clone(), colour, ..rows(reader, run, &own, axis)? });
            }
        }
    }
    let view = View { x: axis, ..View::default() };
    let groups = gather(&all);
    // Without a second run of an arm, draw single runs.
    let figure = if groups.len() == all.len() {
        figure(metric, &all, view)
    } else {
        grouped(metric, &all, &groups, view)
    };
    Ok((!all.is_empty()).then_some(figure))
}

fn rows(reader: &Reader, run: &RunRow, metric: &str, axis: Axis) -> Result<Rows> {
    let buckets = reader.buckets(run.id, metric, axis, None, BUCKETS)?;
    // Only the points show which values were not finite.
    let points = match buckets.iter().any(|bucket| bucket.n_bad > 0) {
        true => reader.points(run.id, metric)?,
        false => Vec::new(),
    };
    Ok(Rows {
        name: String::new(),
        colour: 0,
        dash: 0,
        per_step: x::per_step(axis, run),
        bad: points
            .iter()
            .filter_map(|point| Some((x::of(axis, point, run), NonFinite::of(point.value)?)))
            .collect(),
        first_bad_step: points.iter().find(|point| !point.value.is_finite()).map(|point| point.step),
        buckets,
    })
}
