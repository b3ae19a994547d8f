//! Plain-text tables of `clip-lab runs ...`, for terminals and pipes.

use std::borrow::Cow;

use clip_lab_store::{ConfigEntry, Goal, RunRow, SeriesRow};

use crate::{
    figure::{number, span},
    text::{Column, clean, escaped, fit, push_padded},
};

/// Width of a uid, which is never truncated so that it can be copied.
const UID: usize = 26;

/// `runs list`: one line per run. `width` is in columns; pass a large one for pipes.
pub fn runs_table(runs: &[RunRow], width: usize) -> String {
    let columns = [
        Column::text("NAME", 0, 12),
        Column::text("UID", 0, UID),
        Column::text("STATUS", 0, 11),
        Column::number("STEP", 1),
        Column::number("EPOCH", 4),
        Column::number("STEPS/S", 5),
        Column::number("TIME", 2),
        Column::number("SEED", 6),
        Column::text("STUDY", 3, 8),
        Column::text("REASON", 7, 20),
    ];
    let rows: Vec<Vec<String>> = runs.iter().map(run_line).collect();
    table(&columns, &rows, width)
}

fn run_line(run: &RunRow) -> Vec<String> {
    let study = match (&run.study, &run.arm) {
        (Some(study), Some(arm)) => format!("{study}/{arm}"),
        (study, _) => study.clone().unwrap_or_default(),
    };
    let step = run.total_steps.map_or(run.step.to_string(), |total| format!("{}/{total}", run.step));
    vec![
        run.name.clone(),
        run.uid.clone(),
        run.status.to_string(),
        step,
        number(run.epoch),
        run.rate.map_or(String::new(), number),
        span(run.active_ms as f64 / 1000.0),
        run.seed.to_string(),
        study,
        run.reason.clone().unwrap_or_default(),
    ]
}

/// `runs metrics`: one line per metric.
pub fn metrics_table(metrics: &[SeriesRow], width: usize) -> String {
    let columns = [
        Column::text("METRIC", 0, 30),
        Column::number("LAST", 0),
        Column::number("AT", 2),
        Column::number("BEST", 1),
        Column::number("AT", 2),
        Column::number("MIN", 4),
        Column::number("MAX", 4),
        Column::number("POINTS", 5),
        Column::text("NOTE", 0, 10),
    ];
    let rows: Vec<Vec<String>> = metrics.iter().map(metric_line).collect();
    table(&columns, &rows, width)
}

fn metric_line(metric: &SeriesRow) -> Vec<String> {
    let value = |value: Option<f64>| value.map_or(String::new(), number);
    let step = |step: Option<u64>| step.map_or(String::new(), |step| step.to_string());
    let arrow = match metric.goal {
        Goal::Up => " ↑",
        Goal::Down => " ↓",
        Goal::None => "",
    };
    let unit = if metric.unit.is_empty() { String::new() } else { format!(" ({})", metric.unit) };
    vec![
        format!("{}{unit}{arrow}", metric.name),
        value(metric.last),
        step(metric.last_step),
        value(metric.best().map(|(best, _)| best)),
        step(metric.best().map(|(_, at)| at)),
        value(metric.min),
        value(metric.max),
        metric.n.to_string(),
        not_finite(metric),
    ]
}

fn not_finite(metric: &SeriesRow) -> String {
    let mut counts = Vec::new();
    counts.extend((metric.n_nan > 0).then(|| format!("{} NaN", metric.n_nan)));
    counts.extend((metric.n_inf > 0).then(|| format!("{} infinite", metric.n_inf)));
    match (counts.is_empty(), metric.first_bad_step) {
        (false, Some(step)) => format!("{}, first at step {step}", counts.join(", ")),
        _ => counts.join(", "),
    }
}

/// `runs diff`: one line per differing setting, `–` if a run lacks it.
///
/// `a` and `b` are the runs' names, the column headings, and their settings.
pub fn diff_table(a: (&str, &[ConfigEntry]), b: (&str, &[ConfigEntry]), width: usize) -> String {
    let rows = differences(a.1, b.1);
    if rows.is_empty() {
        return format!("{} and {} have the same settings\n", clean(a.0), clean(b.0));
    }
    let columns = [Column::text("SETTING", 0, 16), Column::text(a.0, 0, 12), Column::text(b.0, 0, 12)];
    table(&columns, &rows, width)
}

fn differences(a: &[ConfigEntry], b: &[ConfigEntry]) -> Vec<Vec<String>> {
    let find =
        |all: &[ConfigEntry], key: &str| all.iter().find(|entry| entry.key == key).map(|e| e.value.clone());
    let mut keys: Vec<&str> = a.iter().chain(b).map(|entry| entry.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let pairs = keys.into_iter().map(|key| (key, find(a, key), find(b, key)));
    let shown = |value: Option<String>| value.unwrap_or_else(|| "–".to_string());
    pairs.filter(|(_, a, b)| a != b).map(|(key, a, b)| vec![key.to_string(), shown(a), shown(b)]).collect()
}

/// Aligned columns with a heading; drops the least important columns that do not fit.
pub fn table(columns: &[Column], rows: &[Vec<String>], width: usize) -> String {
    let rows: Vec<Vec<Cow<str>>> =
        rows.iter().map(|row| row.iter().map(|cell| escaped(cell)).collect()).collect();
    let kept = fit(columns, &rows, width, 2);
    let heads: Vec<Cow<str>> = columns.iter().map(|column| escaped(&column.head)).collect();
    let mut out = String::new();
    for row in std::iter::once(&heads).chain(&rows) {
        let start = out.len();
        for (at, (i, w)) in kept.iter().enumerate() {
            out.push_str(if at > 0 { "  " } else { "" });
            push_padded(&mut out, row.get(*i).map_or("", AsRef::as_ref), *w, columns[*i].right);
        }
        out.truncate(start + out[start..].trim_end().len());
        out.push('\n');
    }
    out
}
