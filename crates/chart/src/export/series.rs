//! Builds the figure of metrics and runs from the store.

use anyhow::{Result, bail};
use clip_lab_store::{Axis, Goal, Point, Reader, RunRow, SeriesRow};

use super::{
    ExportOptions,
    measure::{Measure, one_axis},
};
use crate::{
    figure::{Colours, Figure, GroupBy, NonFinite, Rows, View, figure, gather, grouped, x},
    names::{label, short_names},
    palette::COLOURS,
};

/// Buckets per exported series, a few per millimetre. Shorter series are drawn value by value; for longer ones the line
/// shows the means, the band the extremes.
const BUCKETS: usize = 480;

/// The figure of the metrics of `runs`, in display units.
///
/// # Errors
/// If the store cannot be read, a run lacks a metric, or the metrics have different units.
pub fn chart(reader: &Reader, runs: &[RunRow], options: &ExportOptions) -> Result<Figure> {
    let shorts = short_names(&options.metrics);
    let recorded = runs.first().map_or(Ok(Vec::new()), |run| reader.series(run.id))?;
    check_units(&options.metrics, &recorded)?;
    let measure = measure(&recorded, &options.metrics, &shorts);
    let groups = groups(reader, runs, &options.by)?;
    let single = options.by == GroupBy::Run;
    let mut names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
    let mut colours = Colours::default();
    colours.assign(names.iter().copied(), options.reference.as_deref());
    names.sort_unstable();
    names.dedup();
    let lines = if single { groups.len() } else { names.len() };
    let mut all = Vec::new();
    for (nth, (group, run)) in groups.iter().enumerate() {
        for (at, metric) in options.metrics.iter().enumerate() {
            let read = rows(reader, run, metric, options.x, BUCKETS)?.scaled(measure.factor);
            let name = label(group, &shorts[at], lines, options.metrics.len());
            let colour = if single { nth } else { colours.of(group) };
            let (colour, dash) = if lines == 1 { (at % COLOURS, 0) } else { (colour, at) };
            all.push(Rows { name, colour, dash, ..read });
        }
    }
    let (band, seeds, limits) = (options.band, options.seeds, measure.limits());
    let view =
        View { x: options.x, y: options.y, smooth: options.smooth, band, seeds, limits, ..View::default() };
    Ok(match options.by {
        GroupBy::Run => figure(&measure.title(), &all, view),
        _ => grouped(&measure.title(), &all, &gather(&all), view),
    })
}

/// The runs with their group names, without repeated seeds.
fn groups<'r>(reader: &Reader, runs: &'r [RunRow], by: &GroupBy) -> Result<Vec<(String, &'r RunRow)>> {
    let mut settings = Vec::new();
    if let GroupBy::Setting(key) = by {
        for run in runs {
            let entry = reader.config(run.id)?.into_iter().find(|entry| entry.key == *key);
            settings.push((run.id, entry.map(|entry| entry.value)));
        }
        anyhow::ensure!(
            settings.iter().any(|(_, value)| value.is_some()),
            "none of these runs has the setting `{key}` to group by: `clip-lab runs show RUN --json` lists the settings"
        );
    }
    let rows: Vec<&RunRow> = runs.iter().collect();
    let value = |run: &RunRow, _: &str| settings.iter().find(|(id, _)| *id == run.id)?.1.clone();
    let names = by.names(&rows, value);
    Ok(names.into_iter().zip(runs).filter_map(|(name, run)| Some((name?, run))).collect())
}

/// Checks that all metrics have the same unit.
fn check_units(metrics: &[String], recorded: &[SeriesRow]) -> Result<()> {
    let unit =
        |name: &str| recorded.iter().find(|series| series.name == name).map_or("", |s| s.unit.as_str());
    let (same, others) = one_axis(metrics.iter().map(|name| (name.as_str(), unit(name))));
    if let ([first, ..], [(other, _), ..]) = (&same[..], &others[..]) {
        bail!("{first} and {other} have different units, and a chart has one axis: draw a chart of each");
    }
    Ok(())
}

/// Title, unit and scale factor of the vertical axis.
fn measure(recorded: &[SeriesRow], metrics: &[String], shorts: &[String]) -> Measure {
    let of = |name: &String| match recorded.iter().find(|series| series.name == *name) {
        Some(series) => Measure::new(name, &series.unit, series.goal),
        None => Measure::new(name, "", Goal::None),
    };
    let all: Vec<Measure> = metrics.iter().map(of).collect();
    Measure::together(&all, &heading(metrics, shorts))
}

/// `val/{t2i, i2t}/hit@1` for metrics that differ in one component.
fn heading(metrics: &[String], shorts: &[String]) -> String {
    match (metrics, shorts) {
        ([first, _, ..], [short, ..]) if first != short => {
            first.replacen(short.as_str(), &format!("{{{}}}", shorts.join(", ")), 1)
        }
        _ => metrics.join(", "),
    }
}

/// One metric of a run in at most `most` buckets, and its non-finite points, which buckets only count. Without label.
///
/// # Errors
/// If the store cannot be read.
pub fn rows(reader: &Reader, run: &RunRow, metric: &str, axis: Axis, most: usize) -> Result<Rows> {
    let buckets = reader.buckets(run.id, metric, axis, None, most)?;
    let points = match buckets.iter().any(|bucket| bucket.n_bad > 0) {
        true => reader.points(run.id, metric)?,
        false => Vec::new(),
    };
    let mark = |point: &Point| Some((x::of(axis, point, run), NonFinite::of(point.value)?));
    Ok(Rows {
        name: String::new(),
        colour: 0,
        dash: 0,
        per_step: x::per_step(axis, run),
        bad: points.iter().filter_map(mark).collect(),
        first_bad_step: points.iter().find(|point| !point.value.is_finite()).map(|point| point.step),
        buckets,
    })
}
