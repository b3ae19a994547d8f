//! Settings and metrics of all runs, restricted to given names.
//!
//! One scan each, in SQL: 50,000 runs have millions of settings, of which a filter needs a few.

use std::collections::{BTreeMap, HashMap};

use sqlx::{AssertSqlSafe, Row as _, Sqlite, sqlite::SqliteRow};

use super::{
    Reader,
    fetch::{fetch_batched, json_list},
    points::series_row,
};
use crate::{RunId, SeriesRow, StoreError};

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

/// A WHERE clause and its bound values.
struct Condition {
    sql: String,
    bound: Vec<Vec<u8>>,
}

impl Reader {
    /// The requested settings of all runs, as JSON text by key.
    pub fn required_settings(
        &self,
        required: &RequiredData,
    ) -> Result<HashMap<RunId, BTreeMap<String, String>>, StoreError> {
        let Some(Condition { sql, bound }) = condition(required, "key", '.') else {
            return Ok(HashMap::new());
        };
        // One row with all of them: each row costs a thread switch.
        let sql = format!("SELECT json_group_array(json_array(run, key, value)) FROM config WHERE {sql}");
        let text: String = self.db.with("reading the settings", async |conn| {
            let query = sqlx::query_scalar::<Sqlite, String>(AssertSqlSafe(sql.as_str()));
            bound.iter().fold(query, |query, bytes| query.bind(bytes)).fetch_one(conn).await
        })?;
        let rows: Vec<(i64, String, String)> = serde_json::from_str(&text).unwrap_or_default();
        let mut found: HashMap<RunId, BTreeMap<String, String>> = HashMap::new();
        for (run, key, value) in rows {
            found.entry(RunId(run)).or_default().insert(key, value);
        }
        Ok(found)
    }

    /// The requested metrics of all runs.
    pub fn required_series(
        &self,
        required: &RequiredData,
    ) -> Result<HashMap<RunId, Vec<SeriesRow>>, StoreError> {
        match condition(required, "name", '/') {
            Some(Condition { sql, bound }) => {
                self.series_where(&format!("SELECT * FROM metric WHERE {sql}"), &bound)
            }
            None => Ok(HashMap::new()),
        }
    }

    /// The `goal_metric` of each of `runs` that has recorded it.
    pub fn goals(&self, runs: &[RunId]) -> Result<HashMap<RunId, SeriesRow>, StoreError> {
        let sql = "SELECT m.* FROM json_each(CAST(? AS TEXT)) requested JOIN run r ON r.id = requested.value
                   JOIN metric m ON m.run = r.id AND m.name = r.goal_metric";
        let found = self.series_where(sql, &[json_list(runs).into_bytes()])?.into_iter();
        Ok(found.filter_map(|(run, mut series)| Some((run, series.pop()?))).collect())
    }

    /// The names of all settings and metrics of all runs.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        self.db.with("reading the names", async |conn| {
            sqlx::query_scalar("SELECT key FROM config UNION SELECT name FROM metric").fetch_all(conn).await
        })
    }

    fn series_where(
        &self,
        sql: &str,
        bound: &[Vec<u8>],
    ) -> Result<HashMap<RunId, Vec<SeriesRow>>, StoreError> {
        let rows = self.db.with("reading the metrics", async |conn| {
            let query = sqlx::query::<Sqlite>(AssertSqlSafe(sql));
            let query = bound.iter().fold(query, |query, bytes| query.bind(bytes));
            let rows = fetch_batched(query.fetch_all(conn)).await?;
            let row = |row: &SqliteRow| Ok((RunId(row.try_get("run")?), series_row(row)?));
            rows.iter().map(row).collect::<Result<Vec<_>, sqlx::Error>>()
        })?;
        let mut found: HashMap<RunId, Vec<SeriesRow>> = HashMap::new();
        for (run, series) in rows {
            found.entry(run).or_default().push(series);
        }
        Ok(found)
    }
}

/// Matches rows whose `column` is requested; `sign` separates the components of its names. None if nothing is requested.
/// Compares bytes, as Rust does: SQL's LIKE ignores case, and texts end at a NUL.
fn condition(required: &RequiredData, column: &str, sign: char) -> Option<Condition> {
    let text = format!("CAST({column} AS BLOB)");
    let (mut terms, mut bound) = (Vec::new(), Vec::new());
    let mut term = |sql: String, bytes: String| {
        terms.push(sql);
        bound.push(bytes.into_bytes());
    };
    for name in required.names.iter().chain(&required.below) {
        term(format!("{text} = ?"), name.clone());
        term(format!("substr({text}, -{}) = ?", name.len() + 1), format!("{sign}{name}"));
    }
    for name in &required.below {
        term(format!("substr({text}, 1, {}) = ?", name.len() + 1), format!("{name}{sign}"));
        if sign == '/' {
            term(format!("instr({text}, ?) > 0"), format!("/{name}/"));
        }
    }
    (!terms.is_empty()).then(|| Condition { sql: terms.join(" OR "), bound })
}
