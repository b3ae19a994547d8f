//! Curves by arm.

use anyhow::Result;
use clip_lab_chart::{
    export::{measure::Measure, rows},
    figure::{Figure, Rows, View, figure, gather, grouped},
};
use clip_lab_store::{Axis, Goal, Reader, SeriesRow};

use super::{
    drawing::{Curves, Drawing},
    file_name::file_name,
    model::Settings,
};
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
        let measure = measure(&metric, recorded.iter().flatten());
        if let Some(curves) = chart(reader, arms, &metric, &measure, axis)? {
            let file = format!("curve-{}", file_name(&metric).replace("--", "-"));
            drawings.push(Drawing::of_curves(&file, curves)?);
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

/// The name, unit and direction of a metric, as declared when it was recorded.
fn measure<'a>(metric: &str, mut recorded: impl Iterator<Item = &'a SeriesRow>) -> Measure {
    let series = recorded.find(|series| series.name == metric);
    series.map_or_else(
        || Measure::new(metric, "", Goal::None),
        |series| Measure::new(metric, &series.unit, series.goal),
    )
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

fn chart(
    reader: &Reader,
    arms: &[Arm],
    metric: &str,
    measure: &Measure,
    axis: Axis,
) -> Result<Option<Curves>> {
    let mut all = Vec::new();
    for (colour, arm) in arms.iter().enumerate() {
        let own = metric_of(arm, metric);
        for run in &arm.runs {
            if reader.series(run.id)?.iter().any(|series| series.name == own && series.n > 1) {
                let read = rows(reader, run, &own, axis, BUCKETS)?;
                all.push(Rows { name: arm.name.clone(), colour, ..read });
            }
        }
    }
    if all.is_empty() {
        return Ok(None);
    }
    let view = View { x: axis, ..View::default() };
    let recorded = by_arm(metric, &all, view);
    let scaled: Vec<Rows> = all.into_iter().map(|rows| rows.scaled(measure.factor)).collect();
    let drawn = by_arm(&measure.title(), &scaled, View { limits: measure.limits(), ..view });
    Ok(Some(Curves { metric: metric.to_owned(), drawn, recorded }))
}

/// The mean of each arm, or single runs if no arm has a second one.
fn by_arm(title: &str, rows: &[Rows], view: View) -> Figure {
    let groups = gather(rows);
    if groups.len() == rows.len() { figure(title, rows, view) } else { grouped(title, rows, &groups, view) }
}
