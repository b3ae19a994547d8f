//! A series in a few hundred buckets, whatever its length.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::points::{block, find, value};
use crate::{
    Axis, Bucket, RunId,
    rollup::{Block, Span, cover, level_for},
};

/// What is asked for.
pub struct Ask<'a> {
    pub run: RunId,
    pub metric: &'a str,
    pub axis: Axis,
    pub range: Option<(f64, f64)>,
    pub most: usize,
}

/// A block with its place on the axis.
struct Placed {
    block: Block,
    x0: f64,
    x1: f64,
}

/// The buckets; none when the run lacks the metric.
pub async fn read(conn: &mut SqliteConnection, ask: &Ask<'_>) -> Result<Option<Vec<Bucket>>, sqlx::Error> {
    let Some((series, n)) = find(conn, ask.run, ask.metric).await? else { return Ok(None) };
    let Some((lo, hi)) = ticks(conn, ask, series).await? else { return Ok(Some(Vec::new())) };
    let few = n <= ask.most as i64 || count(conn, series, lo, hi, ask.most).await? <= ask.most as i64;
    let level = if few { 0 } else { level_for(lo, hi, ask.most) };
    let next: i64 = sqlx::query_scalar("SELECT tick_next FROM run WHERE id = ?")
        .bind(ask.run.0)
        .fetch_one(&mut *conn)
        .await?;
    let spans = cover(lo, hi, level, next);
    let mut placed = blocks(conn, ask, series, &spans).await?;
    placed.extend(points(conn, ask, series, &spans).await?);
    placed.sort_by_key(|p| p.block.tick0);
    Ok(Some(group(placed, level, origin(conn, ask).await?)))
}

/// The column of `tick` that is the axis, in SQL.
fn column(axis: Axis) -> &'static str {
    match axis {
        Axis::Step => "CAST(step AS REAL)",
        Axis::Epoch => "epoch",
        Axis::Samples => "CAST(samples AS REAL)",
        Axis::WallSeconds => "wall_ms / 1000.0",
        Axis::ActiveSeconds => "active_ms / 1000.0",
    }
}

/// What to take off the column: wall time counts from the start of the run.
async fn origin(conn: &mut SqliteConnection, ask: &Ask<'_>) -> Result<f64, sqlx::Error> {
    if ask.axis != Axis::WallSeconds {
        return Ok(0.0);
    }
    let sql = "SELECT started_ms / 1000.0 FROM run WHERE id = ?";
    sqlx::query_scalar(sql).bind(ask.run.0).fetch_one(conn).await
}

/// First and last tick that may hold a point of the series in the range.
async fn ticks(
    conn: &mut SqliteConnection,
    ask: &Ask<'_>,
    series: i64,
) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let sql = "SELECT (SELECT min(tick) FROM point WHERE series = ?1), (SELECT max(tick) FROM point WHERE series = ?1)";
    let (first, last): (Option<i64>, Option<i64>) =
        sqlx::query_as(sql).bind(series).fetch_one(&mut *conn).await?;
    let (Some(mut lo), Some(mut hi)) = (first, last) else { return Ok(None) };
    if let Some((from, to)) = ask.range {
        let zero = origin(conn, ask).await?;
        lo = search(conn, ask, lo, hi + 1, |x| x - zero < from).await?;
        hi = search(conn, ask, lo, hi + 1, |x| x - zero <= to).await? - 1;
    }
    Ok((lo <= hi).then_some((lo, hi)))
}

/// The first tick in `lo..hi` at which `before` is false of x, or `hi`. x never goes back from tick to tick.
async fn search(
    conn: &mut SqliteConnection,
    ask: &Ask<'_>,
    mut lo: i64,
    mut hi: i64,
    before: impl Fn(f64) -> bool,
) -> Result<i64, sqlx::Error> {
    let sql = format!(
        "SELECT tick, {} FROM tick WHERE run = ? AND tick >= ? AND tick < ? AND superseded_by IS NULL ORDER BY tick LIMIT 1",
        column(ask.axis)
    );
    while lo < hi {
        let middle = lo + (hi - lo) / 2;
        let query = sqlx::query_as(AssertSqlSafe(sql.as_str())).bind(ask.run.0).bind(middle).bind(hi);
        let found: Option<(i64, f64)> = query.fetch_optional(&mut *conn).await?;
        match found {
            Some((tick, x)) if before(x) => lo = tick + 1,
            Some(_) | None => hi = middle,
        }
    }
    Ok(lo)
}

async fn count(
    conn: &mut SqliteConnection,
    series: i64,
    lo: i64,
    hi: i64,
    most: usize,
) -> Result<i64, sqlx::Error> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM point WHERE series = ? AND tick BETWEEN ? AND ? LIMIT ?)";
    let query = sqlx::query_scalar(sql).bind(series).bind(lo).bind(hi);
    query.bind(most as i64 + 1).fetch_one(conn).await
}

/// All stored blocks in one query: a query costs more than its rows.
async fn blocks(
    conn: &mut SqliteConnection,
    ask: &Ask<'_>,
    series: i64,
    spans: &[Span],
) -> Result<Vec<Placed>, sqlx::Error> {
    let x = column(ask.axis);
    let sql = format!(
        "SELECT tick0, tick1, n, n_bad, min, max, sum, first, last,
                (SELECT {x} FROM tick WHERE run = ?1 AND tick = tick0),
                (SELECT {x} FROM tick WHERE run = ?1 AND tick = tick1)
         FROM json_each(?3) s CROSS JOIN rollup r ON r.series = ?2 AND r.level = s.value ->> 0
              AND r.bucket BETWEEN s.value ->> 1 AND s.value ->> 2"
    );
    let json = spans_json(spans.iter().filter(|s| s.level > 0));
    let query = sqlx::query(AssertSqlSafe(sql)).bind(ask.run.0).bind(series).bind(json);
    let rows = query.fetch_all(conn).await?;
    rows.iter()
        .map(|row| Ok(Placed { block: block(row)?, x0: row.try_get(9)?, x1: row.try_get(10)? }))
        .collect()
}

async fn points(
    conn: &mut SqliteConnection,
    ask: &Ask<'_>,
    series: i64,
    spans: &[Span],
) -> Result<Vec<Placed>, sqlx::Error> {
    let sql = format!(
        "SELECT p.tick, p.value, p.flag, {} FROM json_each(?3) s
         CROSS JOIN point p ON p.series = ?2 AND p.tick BETWEEN s.value ->> 1 AND s.value ->> 2
         CROSS JOIN tick t ON t.run = ?1 AND t.tick = p.tick AND t.superseded_by IS NULL",
        column(ask.axis)
    );
    let json = spans_json(spans.iter().filter(|s| s.level == 0));
    let query = sqlx::query_as(AssertSqlSafe(sql)).bind(ask.run.0).bind(series).bind(json);
    let rows: Vec<(i64, Option<f64>, i64, f64)> = query.fetch_all(conn).await?;
    let place = |(tick, v, flag, x)| Placed { block: Block::of(tick, value(v, flag)), x0: x, x1: x };
    Ok(rows.into_iter().map(place).collect())
}

fn spans_json<'a>(spans: impl Iterator<Item = &'a Span>) -> String {
    serde_json::json!(spans.map(|s| [i64::from(s.level), s.from, s.to]).collect::<Vec<_>>()).to_string()
}

/// Merges what falls into the same block of `level`. `zero` is where the axis begins.
fn group(placed: Vec<Placed>, level: u32, zero: f64) -> Vec<Bucket> {
    let mut groups: BTreeMap<i64, Placed> = BTreeMap::new();
    for next in placed {
        groups
            .entry(next.block.tick0 >> level)
            .and_modify(|sum| {
                sum.block.merge(&next.block);
                sum.x1 = next.x1;
            })
            .or_insert(next);
    }
    groups.into_values().map(|p| bucket(&p, zero)).collect()
}

fn bucket(placed: &Placed, zero: f64) -> Bucket {
    let block = &placed.block;
    let some = |value: f64| if block.n > 0 { value } else { f64::NAN };
    Bucket {
        x0: placed.x0 - zero,
        x1: placed.x1 - zero,
        min: some(block.min),
        max: some(block.max),
        mean: some(block.sum / block.n as f64),
        first: some(block.first),
        last: some(block.last),
        n: block.n as u64,
        n_bad: block.n_bad as u64,
    }
}
