//! Applies records to the store, inside a transaction of the caller.

mod import;
mod rows;

use std::collections::{HashMap, VecDeque};

use sqlx::SqliteConnection;

use super::{
    record::{Points, Record},
    records,
    summary::Summary,
};
use crate::rollup::{Block, HIGHEST, LOWEST, Roller};
use rows::Rows;

/// The writer's state of its run. After a failed transaction it differs from the store: load it again.
pub struct Session {
    pub run: i64,
    attempt: i64,
    pub next: i64,
    series: HashMap<String, Summary>,
    roller: Roller,
    /// (active ms, step) of the last half minute, for the rate.
    recent: VecDeque<(i64, i64)>,
}

impl Session {
    /// Reads the state of the run `uid`.
    pub async fn load(conn: &mut SqliteConnection, uid: &str) -> Result<Session, sqlx::Error> {
        let (run, attempt, next): (i64, i64, i64) =
            sqlx::query_as("SELECT id, attempt, tick_next FROM run WHERE uid = ?")
                .bind(uid)
                .fetch_one(&mut *conn)
                .await?;
        let summaries: Vec<Summary> =
            sqlx::query_as("SELECT * FROM metric WHERE run = ?").bind(run).fetch_all(&mut *conn).await?;
        let mut roller = Roller::default();
        for series in &summaries {
            restore(conn, &mut roller, series.id, run, next).await?;
        }
        let series = summaries.into_iter().map(|s| (s.name.clone(), s)).collect();
        Ok(Session { run, attempt, next, series, roller, recent: VecDeque::new() })
    }

    /// Writes `records` and a heartbeat.
    pub async fn apply(
        &mut self,
        conn: &mut SqliteConnection,
        records: &[Record],
    ) -> Result<(), sqlx::Error> {
        let mut rows = Rows::default();
        for record in records {
            match record {
                Record::Points(points) => self.add_points(conn, points, &mut rows).await?,
                other => records::write(conn, self.run, other).await?,
            }
        }
        rows.write(conn, self.run, self.attempt).await?;
        for summary in self.series.values_mut().filter(|s| s.changed) {
            summary.save(conn).await?;
        }
        self.heartbeat(conn, rows.ticks.last().map(|(_, points)| points)).await
    }

    /// Rebuilds the blocks that end in the superseded ticks `from..to`.
    pub async fn rebuild(
        conn: &mut SqliteConnection,
        run: i64,
        from: i64,
        to: i64,
    ) -> Result<(), sqlx::Error> {
        let ids: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM metric WHERE run = ?").bind(run).fetch_all(&mut *conn).await?;
        let (mut roller, mut rows) = (Roller::default(), Rows::default());
        for series in ids {
            restore(conn, &mut roller, series, run, from).await?;
        }
        roller.advance(from, to, &mut rows.sealed);
        rows.write(conn, run, 0).await
    }

    async fn add_points(
        &mut self,
        conn: &mut SqliteConnection,
        points: &Points,
        rows: &mut Rows,
    ) -> Result<(), sqlx::Error> {
        let tick = self.next;
        for (name, bits) in points.names.0.iter().zip(&points.bits) {
            let value = f64::from_bits(*bits);
            if !self.series.contains_key(name) {
                let id = records::metric(conn, self.run, name).await?;
                self.series.insert(name.clone(), Summary::new(id, name));
            }
            let Some(series) = self.series.get_mut(name).filter(|s| s.last_tick != Some(tick)) else {
                continue;
            };
            series.add(tick, points.at.step as i64, value);
            self.roller.add(series.id, tick, value);
            rows.points.push((series.id, tick, value));
        }
        rows.ticks.push((tick, points.clone()));
        self.roller.advance(tick, tick + 1, &mut rows.sealed);
        self.next = tick + 1;
        Ok(())
    }

    async fn heartbeat(
        &mut self,
        conn: &mut SqliteConnection,
        last: Option<&Points>,
    ) -> Result<(), sqlx::Error> {
        let sql = "UPDATE run SET heartbeat_ms = ?, tick_next = ? WHERE id = ?";
        sqlx::query(sql).bind(crate::now_ms()).bind(self.next).bind(self.run).execute(&mut *conn).await?;
        let Some(last) = last else { return Ok(()) };
        let rate = self.rate(last.active_ms, last.at.step as i64);
        let sql = "UPDATE run SET step = ?, epoch = ?, samples = ?, active_ms = ?, rate = ? WHERE id = ?";
        let query =
            sqlx::query(sql).bind(last.at.step as i64).bind(last.at.epoch).bind(last.at.samples as i64);
        query.bind(last.active_ms).bind(rate).bind(self.run).execute(conn).await.map(|_| ())
    }

    fn rate(&mut self, active_ms: i64, step: i64) -> Option<f64> {
        self.recent.push_back((active_ms, step));
        while self.recent.len() > 2 && self.recent[0].0 < active_ms - 30_000 {
            self.recent.pop_front();
        }
        let (ms, first) = self.recent[0];
        (active_ms > ms).then(|| (step - first) as f64 * 1000.0 / (active_ms - ms) as f64)
    }
}

/// Restores the open blocks of a series as of the next tick `next`.
async fn restore(
    conn: &mut SqliteConnection,
    roller: &mut Roller,
    series: i64,
    run: i64,
    next: i64,
) -> Result<(), sqlx::Error> {
    let open = |level: u32| (next >> level) << level;
    let plain = crate::reader::points_between(conn, run, series, open(LOWEST), next - 1).await?;
    for (tick, value) in plain {
        roller.add(series, tick, value);
    }
    for level in LOWEST + 1..=HIGHEST {
        let below = level - 1;
        let (from, to) = (open(level) >> below, (next >> below) - 1);
        let parts: Vec<Block> = crate::reader::blocks_between(conn, series, below, from, to).await?;
        parts.iter().for_each(|part| roller.restore(series, level, part));
    }
    Ok(())
}
