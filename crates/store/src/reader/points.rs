//! Metrics, their points and their stored blocks.

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{fetch::fetch_batched, order::natural};
use crate::{Goal, Point, RunId, SeriesRow, rollup::Block};

/// Every metric of a run, by name.
pub async fn series(conn: &mut SqliteConnection, run: RunId) -> Result<Vec<SeriesRow>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM metric WHERE run = ?").bind(run.0).fetch_all(conn).await?;
    let mut series = rows.iter().map(series_row).collect::<Result<Vec<_>, _>>()?;
    series.sort_by(|a, b| natural(&a.name, &b.name));
    Ok(series)
}

pub fn series_row(row: &SqliteRow) -> Result<SeriesRow, sqlx::Error> {
    Ok(SeriesRow {
        name: row.try_get("name")?,
        unit: row.try_get("unit")?,
        goal: Goal::from_name(row.try_get("goal")?),
        n: row.try_get("n")?,
        n_nan: row.try_get("n_nan")?,
        n_inf: row.try_get("n_inf")?,
        first_bad_step: row.try_get("first_bad_step")?,
        last: row.try_get("last")?,
        last_step: row.try_get("last_step")?,
        min: row.try_get("min")?,
        min_step: row.try_get("min_step")?,
        max: row.try_get("max")?,
        max_step: row.try_get("max_step")?,
    })
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
        step: row.try_get(0)?,
        epoch: row.try_get(1)?,
        samples: row.try_get(2)?,
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
