//! Reading settings, environment, events, ranks, artifacts, tags and notes of a run.

use std::path::PathBuf;

use sqlx::Row;

use super::{
    Reader,
    fetch::{at_least_zero, optional},
};
use crate::{
    ArtifactRow, ConfigEntry, Environment, Evaluated, EventRow, Level, NoteRow, RankSet, RunId, StoreError,
};

impl Reader {
    /// The resolved settings, by key.
    pub fn config(&self, run: RunId) -> Result<Vec<ConfigEntry>, StoreError> {
        let rows: Vec<(String, String, String)> = self.db.with("reading the settings", async |conn| {
            let sql = "SELECT key, value, origin FROM config WHERE run = ? ORDER BY key";
            sqlx::query_as(sql).bind(run.0).fetch_all(conn).await
        })?;
        Ok(rows.into_iter().map(|(key, value, origin)| ConfigEntry { key, value, origin }).collect())
    }

    /// Machine, versions and code it ran with.
    pub fn environment(&self, run: RunId) -> Result<Environment, StoreError> {
        let rows: Vec<(String, String)> = self.db.with("reading the environment", async |conn| {
            sqlx::query_as("SELECT key, value FROM environment WHERE run = ?")
                .bind(run.0)
                .fetch_all(conn)
                .await
        })?;
        let fields =
            rows.into_iter().filter_map(|(key, text)| Some((key, serde_json::from_str(&text).ok()?)));
        Ok(serde_json::from_value(serde_json::Value::Object(fields.collect())).unwrap_or_default())
    }

    /// The exact text of the spec that ran.
    pub fn spec_text(&self, run: RunId) -> Result<String, StoreError> {
        self.db.with("reading the spec", async |conn| {
            sqlx::query_scalar("SELECT spec_text FROM run WHERE id = ?").bind(run.0).fetch_one(conn).await
        })
    }

    /// The events after `after_id` (0 for all), in order.
    pub fn events(&self, run: RunId, after_id: i64) -> Result<Vec<EventRow>, StoreError> {
        self.db.with("reading events", async |conn| {
            let sql =
                "SELECT id, at_ms, level, kind, step, text FROM event WHERE run = ? AND id > ? ORDER BY id";
            let rows = sqlx::query(sql).bind(run.0).bind(after_id).fetch_all(conn).await?;
            let level = |name: &str| match name {
                "error" => Level::Error,
                "warning" => Level::Warning,
                _ => Level::Info,
            };
            let event = |row: &sqlx::sqlite::SqliteRow| {
                Ok(EventRow {
                    id: row.try_get(0)?,
                    at_ms: row.try_get(1)?,
                    level: level(row.try_get(2)?),
                    kind: row.try_get(3)?,
                    step: optional(row.try_get(4)?),
                    text: row.try_get(5)?,
                })
            };
            rows.iter().map(event).collect()
        })
    }

    /// The ranks of every evaluation, by step.
    pub fn ranks(&self, run: RunId) -> Result<Vec<RankSet>, StoreError> {
        let rows: Vec<(i64, String, String, String, String, Vec<u8>)> =
            self.db.with("reading ranks", async |conn| {
                let sql = "SELECT step, split, suite, direction, weights, ranks FROM rank WHERE run = ?
                           ORDER BY step, split, suite, direction, weights";
                sqlx::query_as(sql).bind(run.0).fetch_all(conn).await
            })?;
        let set = |(step, split, suite, direction, weights, blob): (_, _, _, _, _, Vec<u8>)| RankSet {
            step: at_least_zero(step),
            split,
            suite,
            direction,
            weights,
            ranks: numbers(&blob),
        };
        Ok(rows.into_iter().map(set).collect())
    }

    /// The ranks of one evaluation; none when it recorded none.
    pub fn ranks_of(&self, run: RunId, which: &Evaluated) -> Result<Option<Vec<u32>>, StoreError> {
        let blob: Option<Vec<u8>> = self.db.with("reading ranks", async |conn| {
            let sql = "SELECT ranks FROM rank WHERE run = ? AND step = ? AND split = ? AND suite = ?
                       AND direction = ? AND weights = ?";
            let query = sqlx::query_scalar(sql).bind(run.0).bind(which.step as i64).bind(which.split);
            query.bind(which.suite).bind(which.direction).bind(which.weights).fetch_optional(conn).await
        })?;
        Ok(blob.map(|blob| numbers(&blob)))
    }

    /// The artifacts, in order.
    pub fn artifacts(&self, run: RunId) -> Result<Vec<ArtifactRow>, StoreError> {
        self.db.with("reading artifacts", async |conn| {
            let sql = "SELECT id, at_ms, kind, name, step, path, bytes, digest FROM artifact WHERE run = ? ORDER BY id";
            let rows = sqlx::query(sql).bind(run.0).fetch_all(conn).await?;
            let artifact = |row: &sqlx::sqlite::SqliteRow| {
                Ok(ArtifactRow {
                    id: row.try_get(0)?,
                    at_ms: row.try_get(1)?,
                    kind: row.try_get(2)?,
                    name: row.try_get(3)?,
                    step: optional(row.try_get(4)?),
                    path: PathBuf::from(row.try_get::<String, _>(5)?),
                    bytes: at_least_zero(row.try_get(6)?),
                    digest: row.try_get(7)?,
                })
            };
            rows.iter().map(artifact).collect()
        })
    }

    /// Its tags, by name.
    pub fn tags(&self, run: RunId) -> Result<Vec<String>, StoreError> {
        self.db.with("reading tags", async |conn| {
            sqlx::query_scalar("SELECT tag FROM tag WHERE run = ? ORDER BY tag")
                .bind(run.0)
                .fetch_all(conn)
                .await
        })
    }

    /// Its notes, oldest first.
    pub fn notes(&self, run: RunId) -> Result<Vec<NoteRow>, StoreError> {
        let rows: Vec<(i64, i64, String)> = self.db.with("reading notes", async |conn| {
            sqlx::query_as("SELECT id, at_ms, text FROM note WHERE run = ? ORDER BY id")
                .bind(run.0)
                .fetch_all(conn)
                .await
        })?;
        Ok(rows.into_iter().map(|(id, at_ms, text)| NoteRow { id, at_ms, text }).collect())
    }
}

/// Decodes stored ranks.
pub(crate) fn numbers(blob: &[u8]) -> Vec<u32> {
    blob.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()
}
