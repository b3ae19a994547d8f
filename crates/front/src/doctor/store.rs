//! The experiment store.

use std::{fs, path::Path};

use clip_lab_store::{Health, StoreError, health};
use serde_json::json;

use super::{disk::size, finding::Finding};

/// Whether runs can be recorded and looked at.
pub fn store(place: &Path) -> Vec<Finding> {
    let shown = fs::canonicalize(place).unwrap_or_else(|_| place.to_owned());
    let shown = shown.display();
    let found = match health(place) {
        Ok(health) => well(&shown.to_string(), &health),
        Err(StoreError::Missing(_)) => {
            Finding::good("store", format!("{shown} is not there yet: the first run makes it"))
        }
        Err(StoreError::Locked { .. }) => Finding::broken(
            "store",
            format!(
                "{shown} is locked by another program: runs keep their records aside, and nothing can be edited"
            ),
            "close what holds it open for writing: an SQLite browser, a copy in progress; `fuser FILE` names the process",
        ),
        Err(error) => Finding::broken(
            "store",
            error.to_string(),
            "name another with --store or CLIP_LAB_STORE; the file itself is left as it is",
        ),
    };
    vec![found]
}

fn well(shown: &str, health: &Health) -> Finding {
    let Health { version, known, journal, bytes, runs, network } = health;
    let plural = if *runs == 1 { "run" } else { "runs" };
    let found = format!("{shown}: {runs} {plural}, {}, schema {version}, journal {journal}", size(*bytes));
    let facts = json!({
        "path": shown, "runs": runs, "bytes": bytes, "schema": version, "newest_schema": known, "journal": journal,
        "network_file_system": network,
    });
    match network {
        Some(name) => Finding::remark(
            "store",
            format!("{found}, on a network file system ({name})"),
            "it is written without WAL, more slowly; a local disk is better: --store or CLIP_LAB_STORE names it",
        ),
        None if version < known => Finding::remark(
            "store",
            format!("{found} of {known}"),
            "the next run, or any command that edits it, brings it up to date",
        ),
        None => Finding::good("store", found),
    }
    .with(facts)
}
