//! `clip-lab runs show`.

use std::{fmt::Write as _, path::Path};

use anyhow::Result;
use clip_lab_chart::{evaluations_table, metrics_table, runs_table, text::width as columns};
use clip_lab_cli::{json_document, shown};
use clip_lab_spec::secret;
use clip_lab_store::{ArtifactRow, ConfigEntry, Environment, EventRow, Reader, RunRow};
use serde_json::json;

use crate::{date::date, width};

/// A run: its status, environment, settings, metrics, evaluations, events and files.
///
/// # Errors
/// If the store cannot be read or no run matches.
pub fn show(store: &Path, selector: &str, json: bool) -> Result<String> {
    let reader = Reader::open(store)?;
    let run = reader.run(selector)?;
    let (series, events) = (reader.series(run.id)?, reader.events(run.id, 0)?);
    let (tags, notes, artifacts) = (reader.tags(run.id)?, reader.notes(run.id)?, reader.artifacts(run.id)?);
    let evaluations = reader.evaluations(run.id)?;
    let (config, environment) = (reader.config(run.id)?, reader.environment(run.id)?);
    if json {
        return Ok(json_document(json!({
            "run": run, "series": series, "events": events, "tags": tags, "notes": notes, "artifacts": artifacts,
            "evaluations": evaluations, "config": config, "environment": environment,
        })));
    }
    let mut fields = environment_fields(&run, &environment);
    fields.extend((!tags.is_empty()).then(|| ("tags", tags.join(", "))));
    fields.extend(notes.into_iter().map(|note| ("note", note.text)));
    let mut out = runs_table(std::slice::from_ref(&run), width()) + "\n";
    for (name, value) in fields {
        let _ = writeln!(out, "{name:<8} {}", shown(value));
    }
    out += &settings(&config);
    let _ = write!(out, "\n{}", metrics_table(&series, width()));
    out += &evaluations_table(&evaluations);
    Ok(out + &event_list(&events) + &files(&artifacts))
}

/// When, where and with which versions a run ran.
fn environment_fields(run: &RunRow, of: &Environment) -> Vec<(&'static str, String)> {
    let ended = run.ended_ms.map(date);
    let ended = match (ended, run.reason.clone()) {
        (Some(ended), Some(reason)) => Some(format!("{ended}, {reason}")),
        (ended, reason) => ended.or(reason),
    };
    let threads = of.threads.map(|threads| format!("{threads} threads"));
    let device: Vec<String> = [of.device.clone(), of.cpu.clone(), threads].into_iter().flatten().collect();
    let commit = of.git_commit.clone().map(|commit| match of.git_dirty {
        Some(true) => format!("{commit} with local changes"),
        _ => commit,
    });
    let versions = of.versions.iter().map(|(name, version)| format!("{name} {version}"));
    let versions = versions.collect::<Vec<_>>().join(", ");
    let fields = [
        ("started", Some(date(run.started_ms))),
        ("ended", ended),
        ("host", Some(run.host.clone()).filter(|host| !host.is_empty())),
        ("device", Some(device.join(", ")).filter(|device| !device.is_empty())),
        ("commit", commit),
        ("versions", Some(versions).filter(|versions| !versions.is_empty())),
        ("files", Some(run.dir.display().to_string())),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The settings from a spec, a study or `--set`, with their locations; defaults are only counted.
fn settings(config: &[ConfigEntry]) -> String {
    let is_default = |entry: &&ConfigEntry| matches!(entry.origin.as_str(), "default" | "checkpoint");
    let (rest, chosen): (Vec<_>, Vec<_>) = config.iter().partition(is_default);
    let line = |entry: &ConfigEntry| {
        let value = secret::value(&entry.key, &entry.value);
        [entry.key.clone(), value, entry.origin.clone()].map(|cell| shown(cell).to_string())
    };
    let lines: Vec<[String; 3]> = chosen.into_iter().map(line).collect();
    if lines.is_empty() && rest.is_empty() {
        return String::new();
    }
    let widest = |at: usize| lines.iter().map(|line| columns(&line[at])).max().unwrap_or(0);
    let (keys, values) = (widest(0), widest(1).min(40));
    let mut out = "\nSETTINGS\n".to_owned();
    for [key, value, origin] in &lines {
        let _ = writeln!(out, "  {key:<keys$}  {value:<values$}  {origin}");
    }
    if !rest.is_empty() {
        let _ = writeln!(out, "  and {} defaults: --json lists them", rest.len());
    }
    out
}

fn event_list(events: &[EventRow]) -> String {
    let mut out = String::new();
    if !events.is_empty() {
        out += "\nEVENTS\n";
    }
    for event in events {
        let step = event.step.map_or(String::new(), |step| format!("step {step}  "));
        let _ = writeln!(out, "  {}  {step}{}", shown(&event.kind), shown(&event.text));
    }
    out
}

fn files(artifacts: &[ArtifactRow]) -> String {
    let mut out = String::new();
    for file in artifacts {
        let (kind, name, path) = (shown(&file.kind), shown(&file.name), shown(file.path.display()));
        let _ = writeln!(out, "  {kind} {name}  {path} ({:.1} MB)", file.bytes as f64 / 1e6);
    }
    out
}
