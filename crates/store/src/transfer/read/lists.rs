//! Reads the lists that belong to a run.

use std::collections::BTreeMap;

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use crate::{
    RankSet,
    reader::{has, numbers},
    transfer::types::{ArtifactRecord, EvaluationRecord, EventRecord, NoteRecord, ProbeKey, RankKey},
};

/// The events, in order.
pub async fn events(conn: &mut SqliteConnection, run: i64) -> Result<Vec<EventRecord>, sqlx::Error> {
    let sql = "SELECT at_ms, level, kind, step, text FROM event WHERE run = ? ORDER BY id";
    let rows: Vec<(i64, String, String, Option<i64>, String)> =
        sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    let event = |(at_ms, level, kind, step, text)| EventRecord { at_ms, level, kind, step, text };
    Ok(rows.into_iter().map(event).collect())
}

/// The notes, in order.
pub async fn notes(conn: &mut SqliteConnection, run: i64) -> Result<Vec<NoteRecord>, sqlx::Error> {
    let sql = "SELECT at_ms, text FROM note WHERE run = ? ORDER BY id";
    let rows: Vec<(i64, String)> = sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(at_ms, text)| NoteRecord { at_ms, text }).collect())
}

/// The artifacts, in order.
pub async fn artifacts(conn: &mut SqliteConnection, run: i64) -> Result<Vec<ArtifactRecord>, sqlx::Error> {
    let sql = "SELECT at_ms, kind, name, step, path, bytes, digest FROM artifact WHERE run = ? ORDER BY id";
    let rows = sqlx::query(sql).bind(run).fetch_all(conn).await?;
    let artifact = |row: &SqliteRow| {
        Ok(ArtifactRecord {
            at_ms: row.try_get(0)?,
            kind: row.try_get(1)?,
            name: row.try_get(2)?,
            step: row.try_get(3)?,
            path: row.try_get(4)?,
            bytes: row.try_get(5)?,
            digest: row.try_get(6)?,
        })
    };
    rows.iter().map(artifact).collect()
}

/// The evaluations, in order.
pub async fn evaluations(
    conn: &mut SqliteConnection,
    run: i64,
) -> Result<Vec<EvaluationRecord>, sqlx::Error> {
    if !has(conn, "evaluation").await? {
        return Ok(Vec::new());
    }
    let sql = "SELECT e.id, m.name, m.goal, m.value FROM evaluation e JOIN evaluation_metric m ON m.evaluation = e.id
               WHERE e.run = ? ORDER BY e.id, m.name";
    let values: Vec<(i64, String, String, Option<f64>)> =
        sqlx::query_as(sql).bind(run).fetch_all(&mut *conn).await?;
    let mut metrics: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for (id, name, goal, value) in values {
        metrics.entry(id).or_default().push((name, goal, value.map(f64::to_bits)));
    }
    let sql =
        "SELECT id, at_ms, name, step, weights, data, settings FROM evaluation WHERE run = ? ORDER BY id";
    let rows: Vec<(i64, i64, String, i64, String, String, String)> =
        sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    let evaluation = |(id, at_ms, name, step, weights, data, settings)| {
        let metrics = metrics.remove(&id).unwrap_or_default();
        EvaluationRecord { at_ms, name, step, weights, data, settings, metrics }
    };
    Ok(rows.into_iter().map(evaluation).collect())
}

/// The keys of the ranks.
pub async fn ranks(conn: &mut SqliteConnection, run: i64) -> Result<Vec<RankKey>, sqlx::Error> {
    let sql = "SELECT step, split, suite, direction, weights FROM rank WHERE run = ?
               ORDER BY step, split, suite, direction, weights";
    let rows: Vec<(i64, String, String, String, String)> =
        sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    let key = |(step, split, suite, direction, weights)| RankKey { step, split, suite, direction, weights };
    Ok(rows.into_iter().map(key).collect())
}

pub async fn rank(
    conn: &mut SqliteConnection,
    run: i64,
    key: &RankKey,
) -> Result<Option<RankSet>, sqlx::Error> {
    let sql =
        "SELECT ranks FROM rank WHERE run = ? AND step = ? AND split = ? AND suite = ? AND direction = ?
               AND weights = ?";
    let query = sqlx::query_scalar(sql).bind(run).bind(key.step).bind(&key.split).bind(&key.suite);
    let blob: Option<Vec<u8>> = query.bind(&key.direction).bind(&key.weights).fetch_optional(conn).await?;
    Ok(blob.map(|blob| RankSet {
        step: key.step as u64,
        split: key.split.clone(),
        suite: key.suite.clone(),
        direction: key.direction.clone(),
        weights: key.weights.clone(),
        ranks: numbers(&blob),
    }))
}

/// The keys of the probes.
pub async fn probes(conn: &mut SqliteConnection, run: i64) -> Result<Vec<ProbeKey>, sqlx::Error> {
    if !has(conn, "probe").await? {
        return Ok(Vec::new());
    }
    let sql = "SELECT step, split, weights FROM probe WHERE run = ? ORDER BY step, split, weights";
    let rows: Vec<(i64, String, String)> = sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(step, split, weights)| ProbeKey { step, split, weights }).collect())
}
