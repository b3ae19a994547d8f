//! `clip-lab runs`.

mod columns;
mod import;
mod list;
mod show;
mod transfer;

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_chart::{diff_table, metrics_table};
use clip_lab_cli::{json_document, note, shown};
use clip_lab_store::{ConfigEntry, Reader, RunRow};
use serde_json::{Value, json};

pub use import::import;
pub use list::list;
pub use show::show;
pub use transfer::{pull, push, serve_store};

use crate::{store, width};

/// The metrics of a run.
///
/// # Errors
/// If the store cannot be read or no run matches.
pub fn metrics(store: &Path, selector: &str, json: bool) -> Result<String> {
    let reader = Reader::open(store)?;
    let run = reader.run(selector)?;
    let series = reader.series(run.id)?;
    Ok(if json {
        json_document(json!({ "run": run.uid, "metrics": series }))
    } else {
        metrics_table(&series, width())
    })
}

/// The settings in which two runs differ.
///
/// # Errors
/// If the store cannot be read or no run matches.
pub fn diff(store: &Path, a: &str, b: &str, json: bool) -> Result<String> {
    let reader = Reader::open(store)?;
    let (a, b) = (reader.run(a)?, reader.run(b)?);
    let (left, right) = (reader.config(a.id)?, reader.config(b.id)?);
    if json {
        return Ok(json_document(
            json!({ "a": a.uid, "b": b.uid, "differences": differences(&left, &right) }),
        ));
    }
    Ok(diff_table((&heading(&a), &left), (&heading(&b), &right), width()))
}

/// Adds tags to a run, or removes them.
///
/// # Errors
/// If the store cannot be written or no run matches.
pub fn tag(store: &Path, selector: &str, tags: &[String], remove: bool, json: bool) -> Result<String> {
    ensure!(!tags.is_empty(), "no tag given");
    let store = store::open(store)?;
    let run = store.reader()?.run(selector)?;
    for tag in tags {
        if remove { store.untag(run.id, tag)? } else { store.tag(run.id, tag)? }
    }
    let now = store.reader()?.tags(run.id)?;
    if json {
        return Ok(json_document(json!({ "run": run.uid, "tags": now })));
    }
    Ok(format!(
        "{} has the tags: {}\n",
        shown(&run.name),
        if now.is_empty() { "none".to_owned() } else { shown(now.join(", ")).to_string() }
    ))
}

/// Adds a note to a run.
///
/// # Errors
/// If the store cannot be written or no run matches.
pub fn note(store: &Path, selector: &str, text: &str, json: bool) -> Result<String> {
    let store = store::open(store)?;
    let run = store.reader()?.run(selector)?;
    store.note(run.id, text)?;
    if json {
        return Ok(json_document(json!({ "run": run.uid, "notes": store.reader()?.notes(run.id)? })));
    }
    Ok(format!("added a note to {}\n", shown(&run.name)))
}

/// Deletes runs, with their records and folders, if the user `confirmed` it.
///
/// # Errors
/// If it is not confirmed, a run is live, no run matches, or the store cannot be written.
pub fn delete(store: &Path, selectors: &[String], confirmed: bool, json: bool) -> Result<String> {
    let store = store::open(store)?;
    let reader = store.reader()?;
    let runs = selectors.iter().map(|selector| reader.run(selector)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = runs.iter().map(|run| format!("{} ({})", run.name, run.uid)).collect();
    let lines =
        runs.iter().map(|run| format!("\n  {} ({}), folder {}", run.name, run.uid, run.dir.display()));
    ensure!(
        confirmed,
        "this deletes the records and folders of these runs, with all checkpoints; add --yes to confirm{}",
        lines.collect::<String>()
    );
    for run in &runs {
        if store.is_liveness_unknown(run.id)? {
            note!("run {} ran on {}: waiting 15 s to check that it no longer runs", run.uid, run.host);
            store.poll_liveness(run.id)?;
        }
        store.delete(run.id)?;
    }
    if json {
        return Ok(json_document(json!({ "deleted": runs.iter().map(|run| &run.uid).collect::<Vec<_>>() })));
    }
    Ok(format!("deleted {}\n", shown(names.join(", "))))
}

fn heading(run: &RunRow) -> String {
    format!("{} {}", run.name, &run.uid[run.uid.len().saturating_sub(6)..])
}

fn differences(a: &[ConfigEntry], b: &[ConfigEntry]) -> Vec<Value> {
    let find = |all: &[ConfigEntry], key: &str| {
        let value = all.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
        value.map_or(Value::Null, |value| serde_json::from_str(value).unwrap_or(Value::Null))
    };
    let mut keys: Vec<&str> = a.iter().chain(b).map(|entry| entry.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let rows = keys.into_iter().map(|key| json!({ "key": key, "a": find(a, key), "b": find(b, key) }));
    rows.filter(|row| row["a"] != row["b"]).collect()
}
