//! Reads log calls with their points.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::rows::tick_record;
use crate::{
    reader::{fetch_batched, value},
    transfer::types::{Chunk, Exact, SeriesPoints, Superseded, TickRecord},
};

/// Points of one chunk, at most; and log calls.
const CHUNK_POINTS: i64 = 1 << 16;
const CHUNK_TICKS: i64 = 4096;

const TICK: &str = "tick, step, epoch, samples, wall_ms, active_ms, attempt, superseded_by";

/// One log call.
pub async fn tick(
    conn: &mut SqliteConnection,
    run: i64,
    tick: i64,
) -> Result<Option<TickRecord>, sqlx::Error> {
    let sql = AssertSqlSafe(format!("SELECT {TICK} FROM tick WHERE run = ? AND tick = ?"));
    let row = sqlx::query(sql).bind(run).bind(tick).fetch_optional(conn).await?;
    row.as_ref().map(tick_record).transpose()
}

/// The superseded log calls as ranges.
pub async fn superseded(conn: &mut SqliteConnection, run: i64) -> Result<Vec<Superseded>, sqlx::Error> {
    let sql =
        "SELECT tick, superseded_by FROM tick WHERE run = ? AND superseded_by IS NOT NULL ORDER BY tick";
    let rows: Vec<(i64, i64)> = fetch_batched(sqlx::query_as(sql).bind(run).fetch_all(conn)).await?;
    let mut ranges: Vec<Superseded> = Vec::new();
    for (tick, by) in rows {
        match ranges.last_mut().filter(|last| last.to == tick && last.by == by) {
            Some(last) => last.to = tick + 1,
            None => ranges.push(Superseded { from: tick, to: tick + 1, by }),
        }
    }
    Ok(ranges)
}

pub async fn chunk(conn: &mut SqliteConnection, run: i64, from: i64, to: i64) -> Result<Chunk, sqlx::Error> {
    let sql = "SELECT r.attempt, r.tick_next, (SELECT count(*) FROM metric WHERE run = r.id) FROM run r WHERE r.id = ?";
    let (attempt, logged, metrics): (i64, i64, i64) =
        sqlx::query_as(sql).bind(run).fetch_one(&mut *conn).await?;
    let most = (CHUNK_POINTS / metrics.max(1)).clamp(1, CHUNK_TICKS);
    let from = from.max(0);
    let to = to.min(logged).min(from.saturating_add(most)).max(from);
    let sql = AssertSqlSafe(format!(
        "SELECT {TICK} FROM tick WHERE run = ? AND tick >= ? AND tick < ? ORDER BY tick"
    ));
    let query = sqlx::query(sql).bind(run).bind(from).bind(to);
    let ticks = fetch_batched(query.fetch_all(&mut *conn)).await?;
    let ticks = ticks.iter().map(tick_record).collect::<Result<_, _>>()?;
    let sql = "SELECT m.id, m.name, p.tick, p.value, p.flag FROM metric m JOIN point p ON p.series = m.id
               WHERE m.run = ? AND p.tick >= ? AND p.tick < ? ORDER BY m.id, p.tick";
    let query = sqlx::query_as(sql).bind(run).bind(from).bind(to);
    let points: Vec<(i64, String, i64, Option<f64>, i64)> = fetch_batched(query.fetch_all(conn)).await?;
    let (mut series, mut last): (Vec<SeriesPoints>, _) = (Vec::new(), None);
    for (id, name, tick, stored, flag) in points {
        if last != Some(id) {
            series.push(SeriesPoints { name, ..SeriesPoints::default() });
            last = Some(id);
        }
        if let Some(points) = series.last_mut() {
            points.ticks.push(tick);
            points.values.push(Exact(value(stored, flag)));
        }
    }
    Ok(Chunk { attempt, from, to, ticks, series })
}
