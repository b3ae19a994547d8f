//! Settings, tags and notes of many runs in one query each.

use std::collections::{BTreeMap, HashMap};

use super::{Reader, fetch::fetch_batched};
use crate::{RunDetails, RunId, StoreError};

/// One row per run: with 100 settings per run, the cost per row would dominate.
const SETTINGS: &str = "SELECT run, json_group_object(key, value) FROM config
                        WHERE run IN (SELECT value FROM json_each(?)) GROUP BY run";
const TAGS: &str = "SELECT run, json_group_array(tag) FROM tag GROUP BY run";
const NOTES: &str = "SELECT run, json_group_array(text) FROM note GROUP BY run";

impl Reader {
    /// The resolved settings of `runs` as JSON text by key. They never change after a run has started.
    pub fn settings_of(
        &self,
        runs: &[RunId],
    ) -> Result<HashMap<RunId, BTreeMap<String, String>>, StoreError> {
        let asked = serde_json::to_string(runs).unwrap_or_else(|_| "[]".to_string());
        let rows: Vec<(i64, String)> = self.db.with("reading the settings", async |conn| {
            fetch_batched(sqlx::query_as(SETTINGS).bind(asked).fetch_all(conn)).await
        })?;
        Ok(rows
            .into_iter()
            .map(|(run, all)| (RunId(run), serde_json::from_str(&all).unwrap_or_default()))
            .collect())
    }

    /// The tags and the notes of all runs that have any.
    pub fn labels(&self) -> Result<[HashMap<RunId, Vec<String>>; 2], StoreError> {
        Ok([self.lists(TAGS)?, self.lists(NOTES)?])
    }

    /// Settings, tags and notes of `runs`.
    pub fn details(&self, runs: &[RunId]) -> Result<HashMap<RunId, RunDetails>, StoreError> {
        let [mut tags, mut notes] = self.labels()?;
        let mut settings = self.settings_of(runs)?;
        let mut details = |run: RunId| RunDetails {
            settings: settings.remove(&run).unwrap_or_default(),
            tags: tags.remove(&run).unwrap_or_default(),
            notes: notes.remove(&run).unwrap_or_default(),
        };
        Ok(runs.iter().map(|run| (*run, details(*run))).collect())
    }

    fn lists(&self, sql: &'static str) -> Result<HashMap<RunId, Vec<String>>, StoreError> {
        let rows: Vec<(i64, String)> = self.db.with("reading tags and notes", async |conn| {
            fetch_batched(sqlx::query_as(sql).fetch_all(conn)).await
        })?;
        Ok(rows
            .into_iter()
            .map(|(run, all)| (RunId(run), serde_json::from_str(&all).unwrap_or_default()))
            .collect())
    }
}
