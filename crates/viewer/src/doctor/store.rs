//! The experiment store.

use std::{fs, path::Path};

use clip_lab_store::{Health, StoreError, health};
use serde_json::json;

use super::{disk::size, finding::Finding};

/// Whether runs can be recorded and read.
pub fn store(path: &Path) -> Vec<Finding> {
    let shown = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let shown = shown.display();
    let found = match health(path) {
        Ok(health) => healthy(&shown.to_string(), &health),
        Err(StoreError::Missing(_)) => {
            Finding::ok("store", format!("{shown} does not exist yet: the first run creates it"))
        }
        Err(StoreError::Locked { .. }) => Finding::error(
            "store",
            format!(
                "{shown} is locked by another program: runs write their records to a side file, and nothing can be edited"
            ),
            "close what holds it open for writing, such as an SQLite browser or a copy; `fuser FILE` names the process",
        ),
        Err(error @ StoreError::Updating { .. }) => Finding::note(
            "store",
            error.to_string(),
            "runs that are being recorded write their records to a side file",
        ),
        Err(error) => Finding::error(
            "store",
            error.to_string(),
            "use another one with --store or CLIP_LAB_STORE; this file is not changed",
        ),
    };
    vec![found]
}

fn healthy(shown: &str, health: &Health) -> Finding {
    let Health { version, known, journal, bytes, runs, network } = health;
    let plural = if *runs == 1 { "run" } else { "runs" };
    let found = format!("{shown}: {runs} {plural}, {}, schema {version}, journal {journal}", size(*bytes));
    let details = json!({
        "path": shown, "runs": runs, "bytes": bytes, "schema": version, "newest_schema": known, "journal": journal,
        "network_file_system": network,
    });
    match network {
        Some(name) => Finding::note(
            "store",
            format!("{found}, on a network file system ({name})"),
            "it is written without WAL, which is slower: use a local disk with --store or CLIP_LAB_STORE",
        ),
        None if version < known => {
            Finding::note("store", format!("{found} of {known}"), "the next run or edit migrates it")
        }
        None => Finding::ok("store", found),
    }
    .with(details)
}
