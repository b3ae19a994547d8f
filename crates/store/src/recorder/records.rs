//! Writes the records other than points, one statement each.

use serde_json::Value;
use sqlx::SqliteConnection;

use super::record::{Event, Record};
use crate::{Goal, Level, NewArtifact, Probe, RankSet, Status};

/// Writes a record; ignores points.
pub async fn write(conn: &mut SqliteConnection, run: i64, record: &Record) -> Result<(), sqlx::Error> {
    match record {
        Record::Points(_) => Ok(()), // written in bulk by Session::add_points
        Record::Rank(set) => rank(conn, run, set).await,
        Record::Probe(new) => probe(conn, run, new).await,
        Record::Image(what) => image(conn, &what.0, &what.1).await,
        Record::Event(what) => event(conn, run, what).await,
        Record::Artifact(what) => artifact(conn, run, what.0, &what.1).await,
        Record::Describe(what) => describe(conn, run, &what.0, &what.1, what.2).await,
        Record::Environment(what) => set_environment(conn, run, &what.0, &what.1).await,
        Record::End(end) => finish(conn, run, end.0, end.1.as_deref(), end.2).await,
    }
}

/// The row id of a metric; inserted if new.
pub async fn metric(conn: &mut SqliteConnection, run: i64, name: &str) -> Result<i64, sqlx::Error> {
    let sql =
        "INSERT INTO metric (run, name) VALUES (?, ?) ON CONFLICT DO UPDATE SET name = name RETURNING id";
    sqlx::query_scalar(sql).bind(run).bind(name).fetch_one(conn).await
}

/// Inserts or replaces the ranks of an evaluation.
pub async fn rank(conn: &mut SqliteConnection, run: i64, set: &RankSet) -> Result<(), sqlx::Error> {
    let blob: Vec<u8> = set.ranks.iter().flat_map(|rank| rank.to_le_bytes()).collect();
    let sql = "INSERT OR REPLACE INTO rank (run, step, split, suite, direction, weights, n, ranks)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let query = sqlx::query(sql).bind(run).bind(set.step as i64).bind(&set.split).bind(&set.suite);
    let query = query.bind(&set.direction).bind(&set.weights).bind(set.ranks.len() as i64).bind(blob);
    query.execute(conn).await.map(|_| ())
}

async fn probe(conn: &mut SqliteConnection, run: i64, seen: &Probe) -> Result<(), sqlx::Error> {
    let text = serde_json::to_string(seen).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let sql = "INSERT OR REPLACE INTO probe (run, step, split, weights, seen) VALUES (?, ?, ?, ?, ?)";
    let query = sqlx::query(sql).bind(run).bind(seen.step as i64).bind(&seen.split).bind(&seen.weights);
    query.bind(text).execute(conn).await.map(|_| ())
}

/// Inserts a thumbnail, unless another run already has.
pub async fn image(conn: &mut SqliteConnection, digest: &str, jpeg: &[u8]) -> Result<(), sqlx::Error> {
    let sql = "INSERT OR IGNORE INTO picture (digest, jpeg) VALUES (?, ?)";
    sqlx::query(sql).bind(digest).bind(jpeg).execute(conn).await.map(|_| ())
}

/// Inserts an event.
pub async fn event(conn: &mut SqliteConnection, run: i64, event: &Event) -> Result<(), sqlx::Error> {
    let level = match event.level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let sql = "INSERT INTO event (run, at_ms, level, kind, step, text) VALUES (?, ?, ?, ?, ?, ?)";
    let query = sqlx::query(sql).bind(run).bind(event.at_ms).bind(level).bind(&event.kind);
    query.bind(event.step.map(|s| s as i64)).bind(&event.text).execute(conn).await.map(|_| ())
}

async fn artifact(
    conn: &mut SqliteConnection,
    run: i64,
    at: i64,
    new: &NewArtifact,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT OR REPLACE INTO artifact (run, at_ms, kind, name, step, path, bytes, digest)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let query = sqlx::query(sql).bind(run).bind(at).bind(&new.kind).bind(&new.name);
    let query = query.bind(new.step.map(|s| s as i64)).bind(new.path.to_string_lossy().into_owned());
    query.bind(new.bytes as i64).bind(&new.digest).execute(conn).await.map(|_| ())
}

async fn describe(
    conn: &mut SqliteConnection,
    run: i64,
    name: &str,
    unit: &str,
    goal: Goal,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO metric (run, name, unit, goal) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (run, name) DO UPDATE SET unit = ?3, goal = ?4";
    sqlx::query(sql).bind(run).bind(name).bind(unit).bind(goal.as_str()).execute(conn).await.map(|_| ())
}

/// Inserts or replaces an entry of the environment.
pub async fn set_environment(
    conn: &mut SqliteConnection,
    run: i64,
    key: &str,
    value: &Value,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT OR REPLACE INTO environment (run, key, value) VALUES (?, ?, ?)";
    sqlx::query(sql).bind(run).bind(key).bind(value.to_string()).execute(conn).await.map(|_| ())
}

/// Ends a run.
pub async fn finish(
    conn: &mut SqliteConnection,
    run: i64,
    status: Status,
    reason: Option<&str>,
    at_ms: i64,
) -> Result<(), sqlx::Error> {
    let sql = "UPDATE run SET status = ?, reason = ?, ended_ms = ? WHERE id = ?";
    let query = sqlx::query(sql).bind(status.as_str()).bind(reason).bind(at_ms).bind(run);
    query.execute(conn).await.map(|_| ())
}
