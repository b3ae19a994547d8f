//! `clip-lab runs`: looking back.

mod columns;
mod list;
mod show;

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_board::{diff_table, metrics_table};
use clip_lab_cli::{answer, say, shown};
use clip_lab_store::{ConfigEntry, Reader, RunRow, Store};
use serde_json::{Value, json};

pub use list::list;
pub use show::show;

use crate::width;

/// The metrics of a run.
///
/// # Errors
/// Those of the store.
pub fn metrics(store: &Path, selector: &str, json: bool) -> Result<String> {
    let reader = Reader::open(store)?;
    let run = reader.run(selector)?;
    let series = reader.series(run.id)?;
    Ok(if json {
        answer(json!({ "run": run.uid, "metrics": series }))
    } else {
        metrics_table(&series, width())
    })
}

/// The settings in which two runs differ.
///
/// # Errors
/// Those of the store.
pub fn diff(store: &Path, a: &str, b: &str, json: bool) -> Result<String> {
    let reader = Reader::open(store)?;
    let (a, b) = (reader.run(a)?, reader.run(b)?);
    let (left, right) = (reader.config(a.id)?, reader.config(b.id)?);
    if json {
        return Ok(answer(json!({ "a": a.uid, "b": b.uid, "differences": differences(&left, &right) })));
    }
    Ok(diff_table((&heading(&a), &left), (&heading(&b), &right), width()))
}

/// Adds tags to a run, or takes them off.
///
/// # Errors
/// Those of the store.
pub fn tag(store: &Path, selector: &str, tags: &[String], remove: bool, json: bool) -> Result<String> {
    ensure!(!tags.is_empty(), "no tag given");
    let store = Store::open(store)?;
    let run = store.reader()?.run(selector)?;
    for tag in tags {
        if remove { store.untag(run.id, tag)? } else { store.tag(run.id, tag)? }
    }
    let now = store.reader()?.tags(run.id)?;
    if json {
        return Ok(answer(json!({ "run": run.uid, "tags": now })));
    }
    Ok(format!(
        "{} has the tags: {}\n",
        shown(&run.name),
        if now.is_empty() { "none".to_owned() } else { shown(now.join(", ")).to_string() }
    ))
}

/// Writes a remark on a run.
///
/// # Errors
/// Those of the store.
pub fn note(store: &Path, selector: &str, words: &str, json: bool) -> Result<String> {
    let store = Store::open(store)?;
    let run = store.reader()?.run(selector)?;
    store.note(run.id, words)?;
    if json {
        return Ok(answer(json!({ "run": run.uid, "notes": store.reader()?.notes(run.id)? })));
    }
    Ok(format!("noted on {}\n", shown(&run.name)))
}

/// Deletes runs with everything recorded of them and their folders; `sure` says that the user said so.
///
/// # Errors
/// Those of the store, and when nobody is sure.
pub fn delete(store: &Path, selectors: &[String], sure: bool, json: bool) -> Result<String> {
    let store = Store::open(store)?;
    let reader = store.reader()?;
    let runs = selectors.iter().map(|selector| reader.run(selector)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = runs.iter().map(|run| format!("{} ({})", run.name, run.uid)).collect();
    let lines =
        runs.iter().map(|run| format!("\n  {} ({}), folder {}", run.name, run.uid, run.dir.display()));
    ensure!(
        sure,
        "this deletes what was recorded of these runs and their folders with all checkpoints; add --yes if that is meant{}",
        lines.collect::<String>()
    );
    for run in &runs {
        if store.is_in_doubt(run.id)? {
            say!("run {} ran on {}: watching for 15 s whether it still does", run.uid, run.host);
            store.watch(run.id)?;
        }
        store.delete(run.id)?;
    }
    if json {
        return Ok(answer(json!({ "deleted": runs.iter().map(|run| &run.uid).collect::<Vec<_>>() })));
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
