//! Looks up the requested series and their tick ranges.

use sqlx::SqliteConnection;

use crate::{
    RunId,
    reader::fetch::{fetch_batched, json_list},
};

/// An existing series, and the requested ticks.
pub struct FoundSeries {
    /// Its index in the query.
    pub index: usize,
    pub run: i64,
    pub series: i64,
    /// Number of points that are not superseded.
    pub n: i64,
    /// The first uncommitted tick of its run.
    pub next: i64,
    /// Start of its run, seconds since 1970.
    pub started: f64,
    /// First and last tick that may have a point; empty if `lo > hi`.
    pub lo: i64,
    pub hi: i64,
}

/// The series that exist, with their full tick ranges.
pub async fn all(
    conn: &mut SqliteConnection,
    asked: &[(RunId, &str)],
) -> Result<Vec<FoundSeries>, sqlx::Error> {
    let sql = "SELECT a.key, r.id, m.id, m.n, r.tick_next, r.started_ms / 1000.0,
                 (SELECT min(tick) FROM point WHERE series = m.id), (SELECT max(tick) FROM point WHERE series = m.id)
               FROM json_each(?) a CROSS JOIN metric m ON m.run = a.value ->> 0 AND m.name = a.value ->> 1
               CROSS JOIN run r ON r.id = m.run";
    type Row = (i64, i64, i64, i64, i64, Option<f64>, Option<i64>, Option<i64>);
    let rows: Vec<Row> = fetch_batched(sqlx::query_as(sql).bind(json_list(asked)).fetch_all(conn)).await?;
    let found = |(index, run, series, n, next, started, lo, hi): Row| FoundSeries {
        index: index as usize,
        run,
        series,
        n,
        next,
        started: started.unwrap_or(0.0),
        lo: lo.unwrap_or(0),
        hi: hi.unwrap_or(-1),
    };
    Ok(rows.into_iter().map(found).collect())
}

/// Number of points of each series within its ticks. Stops counting at `limit` + 1.
pub async fn counts(
    conn: &mut SqliteConnection,
    found: &[FoundSeries],
    limit: usize,
) -> Result<Vec<i64>, sqlx::Error> {
    let sql = "SELECT (SELECT count(*) FROM (SELECT 1 FROM point WHERE series = a.value ->> 0
                 AND tick BETWEEN a.value ->> 1 AND a.value ->> 2 LIMIT ?2)) FROM json_each(?1) a ORDER BY a.key";
    let asked: Vec<_> = found.iter().map(|f| (f.series, f.lo, f.hi)).collect();
    let query = sqlx::query_scalar(sql).bind(json_list(&asked)).bind(limit as i64 + 1);
    query.fetch_all(conn).await
}
