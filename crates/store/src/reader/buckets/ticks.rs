//! The x axes: each is a column of `tick`.

use std::collections::{BTreeSet, HashMap};

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::find::FoundSeries;
use crate::{
    Axis,
    reader::fetch::{fetch_batched, json_list},
};

/// The SQL expression of an axis.
pub fn column(axis: Axis) -> &'static str {
    match axis {
        Axis::Step => "CAST(step AS REAL)",
        Axis::Epoch => "epoch",
        Axis::Samples => "CAST(samples AS REAL)",
        Axis::WallSeconds => "wall_ms / 1000.0",
        Axis::ActiveSeconds => "active_ms / 1000.0",
    }
}

/// Restricts each series to the ticks with x in the range. Searches once per run: its series share their ticks.
pub async fn restrict(
    conn: &mut SqliteConnection,
    axis: Axis,
    (from, to): (f64, f64),
    found: &mut [FoundSeries],
) -> Result<(), sqlx::Error> {
    let mut known: HashMap<i64, (i64, i64)> = HashMap::new();
    for series in found {
        let (lo, hi) = match known.get(&series.run) {
            Some(window) => *window,
            None => {
                let zero = if axis == Axis::WallSeconds { series.started } else { 0.0 };
                let lo = search(conn, axis, series.run, (0, series.next), |x| x - zero < from).await?;
                let end = search(conn, axis, series.run, (lo, series.next), |x| x - zero <= to).await?;
                *known.entry(series.run).or_insert((lo, end - 1))
            }
        };
        (series.lo, series.hi) = (series.lo.max(lo), series.hi.min(hi));
    }
    Ok(())
}

/// Binary search for the first tick in `lo..hi` whose x does not satisfy `before`, or `hi`. x never decreases.
async fn search(
    conn: &mut SqliteConnection,
    axis: Axis,
    run: i64,
    (mut lo, mut hi): (i64, i64),
    before: impl Fn(f64) -> bool,
) -> Result<i64, sqlx::Error> {
    let sql = format!(
        "SELECT tick, {} FROM tick WHERE run = ? AND tick >= ? AND tick < ? AND superseded_by IS NULL ORDER BY tick LIMIT 1",
        column(axis)
    );
    while lo < hi {
        let middle = lo + (hi - lo) / 2;
        let query = sqlx::query_as(AssertSqlSafe(sql.as_str())).bind(run).bind(middle).bind(hi);
        let found: Option<(i64, f64)> = query.fetch_optional(&mut *conn).await?;
        match found {
            Some((tick, x)) if before(x) => lo = tick + 1,
            Some(_) | None => hi = middle,
        }
    }
    Ok(lo)
}

/// x by (run, tick).
pub type XOfTick = HashMap<(i64, i64), f64>;

/// Reads x of each tick once, however many series have a block that begins or ends there.
pub async fn x_of_ticks(
    conn: &mut SqliteConnection,
    axis: Axis,
    wanted: &BTreeSet<(i64, i64)>,
) -> Result<XOfTick, sqlx::Error> {
    let sql = format!(
        "SELECT t.tick, {} FROM json_each(?2) s CROSS JOIN tick t ON t.run = ?1 AND t.tick = s.value",
        column(axis)
    );
    let mut x_of = HashMap::with_capacity(wanted.len());
    let mut rest: Vec<(i64, i64)> = wanted.iter().copied().collect();
    while let Some(&(run, _)) = rest.first() {
        let later = rest.split_off(rest.partition_point(|(r, _)| *r == run));
        let ticks: Vec<i64> = rest.iter().map(|(_, tick)| *tick).collect();
        let query = sqlx::query_as(AssertSqlSafe(sql.as_str())).bind(run).bind(json_list(&ticks));
        let rows: Vec<(i64, f64)> = fetch_batched(query.fetch_all(&mut *conn)).await?;
        x_of.extend(rows.into_iter().map(|(tick, x)| ((run, tick), x)));
        rest = later;
    }
    Ok(x_of)
}
