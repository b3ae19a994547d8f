//! The parts of the overview, each a list of lines.

use clip_lab_store::{EvaluationRow, Status};

use super::{Line, LineKind};
use crate::{
    app::App,
    data::{Details, Run},
    diff,
    runs::{progress, status_label},
};
use clip_lab_chart::{
    evaluations::about,
    figure::{number, span},
};

/// The settings listed with the environment.
const ENVIRONMENT_SETTINGS: [(&str, &str); 3] =
    [("precision", "run.precision"), ("batch", "run.batch"), ("optimizer", "optimizer.plugin")];

/// All sections with their headings, including empty ones.
pub fn all<'a>(app: &'a App, run: &'a Run) -> Vec<(&'a str, Vec<Line>)> {
    let details = app.snapshot.details.as_ref().filter(|details| details.run == run.row.id);
    vec![
        (&run.name, state(run)),
        ("Metrics", metrics(run)),
        ("Evaluations after training", evaluations(details)),
        ("Settings that differ", settings(app, run)),
        ("Environment", environment(run, details)),
        ("Checkpoints", checkpoints(details)),
        ("Tags and notes", labels(run)),
    ]
}

fn line(label: &str, text: impl Into<String>) -> Line {
    (label.to_string(), text.into(), LineKind::Plain)
}

fn state(run: &Run) -> Vec<Line> {
    let row = &run.row;
    let bad = matches!(row.status, Status::Failed | Status::NonFinite | Status::Crashed);
    let kind = if bad { LineKind::Error } else { LineKind::Plain };
    let mut lines = vec![("status".to_string(), status_label(row.status).to_string(), kind)];
    lines.extend(row.reason.iter().map(|reason| ("reason".to_string(), reason.clone(), kind)));
    let steps = row.total_steps.map_or(row.step.to_string(), |total| format!("{}/{total}", row.step));
    let bar = progress(row.step, row.total_steps);
    lines.push(line("step", format!("{steps}  {bar}").trim_end()));
    lines.push(line("epoch", number(row.epoch)));
    lines.extend(row.rate.map(|rate| line("steps/s", number(rate))));
    lines.push(line("active time", span(row.active_ms.max(0) as f64 / 1000.0)));
    lines.extend(row.study.as_ref().map(|study| {
        line("study", format!("{study}, arm {}, seed {}", row.arm.as_deref().unwrap_or("–"), row.seed))
    }));
    lines.extend((row.attempt > 1).then(|| line("attempts", row.attempt.to_string())));
    lines.push(line("folder", row.dir.display().to_string()));
    lines
}

/// The last and best values: the goal metric first, then the others by name.
fn metrics(run: &Run) -> Vec<Line> {
    let goal = |name: &str| run.row.goal_metric.as_deref() == Some(name);
    let mut all: Vec<_> = run.series.iter().collect();
    all.sort_by_key(|series| !goal(&series.name));
    let one = |series: &&clip_lab_store::SeriesRow| {
        let last = series.last.map_or("no finite value".to_string(), number);
        let best = series.best().map(|(best, step)| format!(", best {} @{step}", number(best)));
        let bad = series.first_bad_step.map(|step| format!(", not finite @{step}"));
        let kind = if bad.is_some() { LineKind::Error } else { LineKind::Plain };
        let marker = if goal(&series.name) { "★ " } else { "" };
        let text = format!("{last}{}{}", best.unwrap_or_default(), bad.unwrap_or_default());
        (format!("{marker}{}", series.name), text, kind)
    };
    all.iter().map(one).collect()
}

/// The newest first: a description, then the metrics.
fn evaluations(details: Option<&Details>) -> Vec<Line> {
    let all = details.map_or(&[][..], |details| &details.evaluations);
    let one = |row: &EvaluationRow| {
        let short = |name: &str| {
            format!("  {}", name.strip_prefix(&row.name).unwrap_or(name).trim_start_matches('/'))
        };
        let value = |value: Option<f64>| value.map_or("not finite".to_string(), number);
        let metrics = row.metrics.iter().map(|metric| line(&short(&metric.name), value(metric.value)));
        std::iter::once(line(&row.name, about(row))).chain(metrics.collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    all.iter().rev().flat_map(one).collect()
}

/// Settings that differ from the pinned run, or without one from the other runs on the charts.
fn settings(app: &App, run: &Run) -> Vec<Line> {
    let runs = diff::runs(app);
    let at = |id| runs.iter().position(|other| other.row.id == id);
    let Some(here) = at(run.row.id) else { return Vec::new() };
    let base = app.pinned.and_then(at).filter(|base| *base != here);
    let rows = diff::differing(app);
    let differs = |values: &[Option<&str>]| base.is_none_or(|base| values[base] != values[here]);
    let text = |values: &[Option<&str>]| match base {
        Some(base) => format!("{} (pinned: {})", diff::value(values[here]), diff::value(values[base])),
        None => diff::value(values[here]),
    };
    rows.iter().filter(|(_, values)| differs(values)).map(|(key, values)| line(key, text(values))).collect()
}

fn environment(run: &Run, details: Option<&Details>) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(Details { environment: e, .. }) = details {
        let dirty = if e.git_dirty == Some(true) { ", with uncommitted changes" } else { "" };
        let commit = e.git_commit.as_ref().map(|commit| {
            let short: String = commit.chars().take(12).collect();
            format!("{short}{dirty}")
        });
        lines.extend(commit.map(|commit| line("commit", commit)));
        lines.extend(e.device.as_ref().map(|device| line("device", device)));
        lines.extend(e.cpu.as_ref().map(|cpu| line("CPU", cpu)));
        lines.extend(e.threads.map(|threads| line("threads", threads.to_string())));
        lines.extend(e.os.as_ref().map(|os| line("OS", os)));
    }
    let host = format!("{}, process {}", run.row.host, run.row.pid);
    lines.extend((!run.row.host.is_empty()).then(|| line("host", host)));
    let setting = |(label, key): (&str, &str)| {
        run.details.settings.get(key).map(|json| line(label, diff::value(Some(json))))
    };
    lines.extend(ENVIRONMENT_SETTINGS.into_iter().filter_map(setting));
    lines
}

fn checkpoints(details: Option<&Details>) -> Vec<Line> {
    let all = details.map_or(&[][..], |details| &details.artifacts);
    let checkpoint = |a: &clip_lab_store::ArtifactRow| {
        let step = a.step.map_or(String::new(), |step| format!("step {step}, "));
        let size = format!("{:.1} MiB", a.bytes as f64 / 1_048_576.0);
        line(&a.name, format!("{step}{size}, {}", a.path.display()))
    };
    all.iter().filter(|a| a.kind == "checkpoint").map(checkpoint).collect()
}

fn labels(run: &Run) -> Vec<Line> {
    let tags = (!run.details.tags.is_empty()).then(|| line("tags", run.details.tags.join(", ")));
    tags.into_iter().chain(run.details.notes.iter().map(|note| line("note", note))).collect()
}
