//! Metrics, their points and their stored blocks.

use serde::Deserialize;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    fetch::{at_least_zero, fetch_batched, json, optional},
    order::natural,
};
use crate::{Goal, Point, RunId, SeriesRow, rollup::Block};

/// What [`series_row`] reads: three numbers with all their digits, and the other columns as one text, since each value of a
/// row costs allocations in two threads.
pub const SERIES: &str = "metric.last, metric.min, metric.max, json_array(metric.id, metric.run, metric.name, metric.unit,
  metric.goal, metric.n, metric.n_nan, metric.n_inf, metric.first_bad_step, metric.last_step, metric.min_step, metric.max_step)";

/// The JSON array of [`SERIES`], in its order.
#[derive(Deserialize)]
struct Stored {
    id: i64,
    run: i64,
    name: String,
    unit: String,
    goal: String,
    n: i64,
    n_nan: i64,
    n_inf: i64,
    first_bad_step: Option<i64>,
    last_step: Option<i64>,
    min_step: Option<i64>,
    max_step: Option<i64>,
}

/// Every metric of a run, by name.
pub async fn series(conn: &mut SqliteConnection, run: RunId) -> Result<Vec<SeriesRow>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT {SERIES} FROM metric WHERE run = ?"));
    let rows = sqlx::query(sql).bind(run.0).fetch_all(conn).await?;
    let mut series =
        rows.iter().map(|row| Ok(series_row(row)?.2)).collect::<Result<Vec<_>, sqlx::Error>>()?;
    series.sort_by(|a, b| natural(&a.name, &b.name));
    Ok(series)
}

/// The newest step of every metric of a run that has points, by name.
pub async fn newest_steps(
    conn: &mut SqliteConnection,
    run: RunId,
) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let sql = "SELECT m.name, t.step FROM metric m JOIN tick t ON t.run = m.run
                 AND t.tick = (SELECT max(tick) FROM point WHERE series = m.id) WHERE m.run = ? ORDER BY m.name";
    let rows: Vec<(String, i64)> = sqlx::query_as(sql).bind(run.0).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(name, step)| (name, at_least_zero(step))).collect())
}

/// The row id of a metric, its run, and the metric.
pub fn series_row(row: &SqliteRow) -> Result<(i64, RunId, SeriesRow), sqlx::Error> {
    let stored: Stored = json(row, 3)?;
    let series = SeriesRow {
        name: stored.name,
        unit: stored.unit,
        goal: Goal::from_name(&stored.goal),
        n: at_least_zero(stored.n),
        n_nan: at_least_zero(stored.n_nan),
        n_inf: at_least_zero(stored.n_inf),
        first_bad_step: optional(stored.first_bad_step),
        last: row.try_get(0)?,
        last_step: optional(stored.last_step),
        min: row.try_get(1)?,
        min_step: optional(stored.min_step),
        max: row.try_get(2)?,
        max_step: optional(stored.max_step),
    };
    Ok((stored.id, RunId(stored.run), series))
}

/// Row id of a metric, and its number of points that are not superseded.
pub async fn find(
    conn: &mut SqliteConnection,
    run: RunId,
    metric: &str,
) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let sql = "SELECT id, n FROM metric WHERE run = ? AND name = ?";
    sqlx::query_as(sql).bind(run.0).bind(metric).fetch_optional(conn).await
}

/// Every point of a metric that is not superseded; none if the run does not have the metric.
pub async fn all(
    conn: &mut SqliteConnection,
    run: RunId,
    metric: &str,
) -> Result<Option<Vec<Point>>, sqlx::Error> {
    let Some((series, _)) = find(conn, run, metric).await? else { return Ok(None) };
    let sql = "SELECT t.step, t.epoch, t.samples, t.wall_ms, t.active_ms, p.value, p.flag FROM point p
               JOIN tick t ON t.run = ? AND t.tick = p.tick AND t.superseded_by IS NULL
               WHERE p.series = ? ORDER BY p.tick";
    let rows = fetch_batched(sqlx::query(sql).bind(run.0).bind(series).fetch_all(conn)).await?;
    rows.iter().map(point).collect::<Result<_, _>>().map(Some)
}

fn point(row: &SqliteRow) -> Result<Point, sqlx::Error> {
    Ok(Point {
        step: at_least_zero(row.try_get(0)?),
        epoch: row.try_get(1)?,
        samples: at_least_zero(row.try_get(2)?),
        wall_ms: row.try_get(3)?,
        active_ms: row.try_get(4)?,
        value: value(row.try_get(5)?, row.try_get(6)?),
    })
}

/// Decodes a stored value.
pub fn value(value: Option<f64>, flag: i64) -> f64 {
    match flag {
        2 => f64::INFINITY,
        3 => f64::NEG_INFINITY,
        _ => value.unwrap_or(f64::NAN),
    }
}

/// (tick, value) of the points in `from..=to` that are not superseded.
pub async fn points_between(
    conn: &mut SqliteConnection,
    run: i64,
    series: i64,
    from: i64,
    to: i64,
) -> Result<Vec<(i64, f64)>, sqlx::Error> {
    let sql = "SELECT p.tick, p.value, p.flag FROM point p
               JOIN tick t ON t.run = ? AND t.tick = p.tick AND t.superseded_by IS NULL
               WHERE p.series = ? AND p.tick BETWEEN ? AND ? ORDER BY p.tick";
    let query = sqlx::query_as(sql).bind(run).bind(series).bind(from).bind(to);
    let rows: Vec<(i64, Option<f64>, i64)> = query.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(tick, v, flag)| (tick, value(v, flag))).collect())
}

/// The blocks `from..=to` of one level.
pub async fn blocks_between(
    conn: &mut SqliteConnection,
    series: i64,
    level: u32,
    from: i64,
    to: i64,
) -> Result<Vec<Block>, sqlx::Error> {
    let sql = "SELECT tick0, tick1, n, n_bad, min, max, sum, first, last FROM rollup
               WHERE series = ? AND level = ? AND bucket BETWEEN ? AND ? ORDER BY bucket";
    let rows = sqlx::query(sql).bind(series).bind(level).bind(from).bind(to).fetch_all(conn).await?;
    rows.iter().map(block).collect()
}

/// A block from the nine columns tick0 to last.
pub fn block(row: &SqliteRow) -> Result<Block, sqlx::Error> {
    let real = |at: usize| row.try_get::<Option<f64>, _>(at).map(|v| v.unwrap_or(f64::NAN));
    Ok(Block {
        tick0: row.try_get(0)?,
        tick1: row.try_get(1)?,
        n: row.try_get(2)?,
        n_bad: row.try_get(3)?,
        min: real(4)?,
        max: real(5)?,
        sum: real(6)?,
        first: real(7)?,
        last: real(8)?,
    })
}
