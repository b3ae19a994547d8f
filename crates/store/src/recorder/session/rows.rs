//! Inserts points, ticks and blocks, many per statement.

use sqlx::SqliteConnection;

use crate::{
    recorder::{insert::insert_rows, record::Points},
    rollup::Sealed,
};

/// Rows of one transaction.
#[derive(Default)]
pub struct Rows {
    pub ticks: Vec<(i64, Points)>,
    pub points: Vec<(i64, i64, f64)>,
    pub sealed: Vec<Sealed>,
}

impl Rows {
    /// Inserts the rows.
    pub async fn write(
        &self,
        conn: &mut SqliteConnection,
        run: i64,
        attempt: i64,
    ) -> Result<(), sqlx::Error> {
        let head = "INSERT INTO tick (run, tick, step, epoch, samples, wall_ms, active_ms, attempt)";
        insert_rows(conn, head, 8, &self.ticks, |query, (tick, p)| {
            let query = query.bind(run).bind(*tick).bind(p.at.step as i64).bind(p.at.epoch);
            query.bind(p.at.samples as i64).bind(p.wall_ms).bind(p.active_ms).bind(attempt)
        })
        .await?;
        let head = "INSERT INTO point (series, tick, value, flag)";
        insert_rows(conn, head, 4, &self.points, |query, (series, tick, value)| {
            query.bind(*series).bind(*tick).bind(value.is_finite().then_some(*value)).bind(flag(*value))
        })
        .await?;
        let head =
            "INSERT INTO rollup (series, level, bucket, tick0, tick1, n, n_bad, min, max, sum, first, last)";
        insert_rows(conn, head, 12, &self.sealed, |query, s| {
            let (b, some) = (&s.block, |v: f64| (s.block.n > 0).then_some(v));
            let query =
                query.bind(s.series).bind(s.level).bind(s.bucket).bind(b.tick0).bind(b.tick1).bind(b.n);
            query
                .bind(b.n_bad)
                .bind(some(b.min))
                .bind(some(b.max))
                .bind(b.sum)
                .bind(some(b.first))
                .bind(some(b.last))
        })
        .await
    }
}

/// 0 finite, 1 NaN, 2 +infinity, 3 -infinity.
fn flag(value: f64) -> i64 {
    match value {
        v if v.is_nan() => 1,
        f64::INFINITY => 2,
        f64::NEG_INFINITY => 3,
        _ => 0,
    }
}
