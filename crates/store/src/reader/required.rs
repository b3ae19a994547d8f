//! Settings and metrics of many runs, restricted to given names, in one query each.

use std::collections::{BTreeMap, HashMap};

use sqlx::{Row as _, sqlite::SqliteRow};

use super::{
    Reader,
    fetch::{fetch_batched, json_list},
    names::{METRICS, Names, SETTINGS, indexed},
    points::{SERIES, series_row},
    statement::{Statement, Value},
};
use crate::{RunId, RunRow, SeriesRow, StoreError};

/// With more runs than this, the requested names are read of all runs: one scan instead of many searches.
const MAX_SEARCHED: usize = 8192;

/// The settings, metrics and labels to read for many runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequiredData {
    /// Settings and metrics with this name or last component: `lr` matches `optimizer.lr`.
    pub names: Vec<String>,
    /// Settings and metrics below this prefix, and metrics with it as a middle component: `optimizer`, `retrieval`.
    pub below: Vec<String>,
    /// Tags and notes.
    pub labels: bool,
}

impl Reader {
    /// The requested settings of `runs`, and possibly of others, as JSON text by key.
    pub fn required_settings(
        &self,
        required: &RequiredData,
        runs: &[RunId],
    ) -> Result<HashMap<RunId, BTreeMap<String, String>>, StoreError> {
        let text: Option<String> = self.db.with("reading the settings", async |conn| {
            let by_name = indexed(conn).await?;
            // One row with all of them: each row costs a thread switch.
            let values = "json_group_array(json_array(config.run, config.key, config.value))";
            match select(values, SETTINGS, required, runs, by_name) {
                Some(statement) => statement.query().fetch_one(conn).await?.try_get(0),
                None => Ok(None),
            }
        })?;
        let rows: Vec<(i64, String, String)> =
            text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let mut found: HashMap<RunId, BTreeMap<String, String>> = HashMap::new();
        for (run, key, value) in rows {
            found.entry(RunId(run)).or_default().insert(key, value);
        }
        Ok(found)
    }

    /// The requested metrics of `runs`, and possibly of others.
    pub fn required_series(
        &self,
        required: &RequiredData,
        runs: &[RunId],
    ) -> Result<HashMap<RunId, Vec<SeriesRow>>, StoreError> {
        self.series_where(|indexed| select(SERIES, METRICS, required, runs, indexed))
    }

    /// The `goal_metric` of each of `runs` that has recorded it.
    pub fn goals(&self, runs: &[RunRow]) -> Result<HashMap<RunId, SeriesRow>, StoreError> {
        let goals: Vec<(RunId, &String)> =
            runs.iter().filter_map(|run| Some((run.id, run.goal_metric.as_ref()?))).collect();
        let sql = format!(
            "SELECT {SERIES} FROM (SELECT value ->> 0 run, value ->> 1 name FROM json_each(CAST(? AS TEXT))) goal
             CROSS JOIN metric ON metric.run = goal.run AND metric.name = goal.name"
        );
        let goals = Value::Bytes(json_list(&goals).into_bytes());
        let found = self.series_where(|_| Some(Statement::new("").with(&sql, [goals])))?;
        Ok(found.into_iter().filter_map(|(run, mut series)| Some((run, series.pop()?))).collect())
    }

    fn series_where(
        &self,
        statement: impl FnOnce(bool) -> Option<Statement>,
    ) -> Result<HashMap<RunId, Vec<SeriesRow>>, StoreError> {
        let rows = self.db.with("reading the metrics", async |conn| {
            let Some(statement) = statement(indexed(conn).await?) else { return Ok(Vec::new()) };
            let row = |row: SqliteRow| series_row(&row);
            let mut rows = fetch_batched(statement.query().try_map(row).fetch_all(conn)).await?;
            // In the order in which a run recorded them, whichever index found them.
            rows.sort_unstable_by_key(|(id, ..)| *id);
            Ok(rows)
        })?;
        let mut found: HashMap<RunId, Vec<SeriesRow>> = HashMap::new();
        for (_, run, series) in rows {
            found.entry(run).or_default().push(series);
        }
        Ok(found)
    }
}

/// Selects `values` of the requested names; none if nothing is requested.
fn select(
    values: &str,
    names: Names,
    required: &RequiredData,
    runs: &[RunId],
    indexed: bool,
) -> Option<Statement> {
    let (table, requested) = (names.table, names.requested(required, indexed)?);
    let from = match runs.len() {
        0..=MAX_SEARCHED => {
            // CROSS JOIN keeps the order: run by run.
            let sql = format!(
                "SELECT {values} FROM (SELECT value requested FROM json_each(CAST(? AS TEXT))) CROSS JOIN {table}
                 ON {table}.run = requested WHERE "
            );
            Statement::new("").with(&sql, [list(runs)])
        }
        _ => Statement::new(format!("SELECT {values} FROM {table} WHERE ")),
    };
    Some(from.then(requested))
}

fn list(runs: &[RunId]) -> Value {
    Value::Bytes(json_list(runs).into_bytes())
}
