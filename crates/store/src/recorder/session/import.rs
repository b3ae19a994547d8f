//! Log calls copied from another store.

use sqlx::SqliteConnection;

use super::{Session, records, rows::Rows};
use crate::{
    recorder::{insert::insert_rows, summary::Summary},
    transfer::{Chunk, TickRecord},
};

impl Session {
    /// Writes log calls that follow those of the store. Summaries and blocks are computed as if they were recorded here.
    pub async fn import(&mut self, conn: &mut SqliteConnection, chunk: &Chunk) -> Result<(), sqlx::Error> {
        let mut ids = Vec::new();
        for series in &chunk.series {
            ids.push(self.series_id(conn, &series.name).await?);
        }
        let mut rows = Rows::default();
        let mut read = vec![0; chunk.series.len()];
        for tick in &chunk.ticks {
            self.roller.advance(self.next, tick.tick, &mut rows.sealed);
            for ((series, read), id) in chunk.series.iter().zip(&mut read).zip(&ids) {
                if series.ticks.get(*read) == Some(&tick.tick) {
                    self.import_point(tick, &series.name, *id, series.values[*read].0, &mut rows);
                    *read += 1;
                }
            }
            self.roller.advance(tick.tick, tick.tick + 1, &mut rows.sealed);
            self.next = tick.tick + 1;
        }
        self.roller.advance(self.next, chunk.to, &mut rows.sealed);
        self.next = chunk.to;
        if read.iter().zip(&chunk.series).any(|(read, series)| *read < series.ticks.len()) {
            return Err(sqlx::Error::Decode("points without a log call".into()));
        }
        self.insert_ticks(conn, &chunk.ticks).await?;
        rows.write(conn, self.run, self.attempt).await?;
        for summary in self.series.values_mut().filter(|summary| summary.changed) {
            summary.save(conn).await?;
        }
        self.proceed(conn, &chunk.ticks).await
    }

    async fn series_id(&mut self, conn: &mut SqliteConnection, name: &str) -> Result<i64, sqlx::Error> {
        if let Some(series) = self.series.get(name) {
            return Ok(series.id);
        }
        let id = records::metric(conn, self.run, name).await?;
        self.series.insert(name.into(), Summary::new(id, name));
        Ok(id)
    }

    fn import_point(&mut self, tick: &TickRecord, name: &str, id: i64, value: f64, rows: &mut Rows) {
        rows.points.push((id, tick.tick, value));
        if tick.superseded_by.is_some() {
            return;
        }
        if let Some(series) = self.series.get_mut(name) {
            series.add(tick.tick, tick.step, value);
        }
        self.roller.add(id, tick.tick, value);
    }

    async fn insert_ticks(
        &self,
        conn: &mut SqliteConnection,
        ticks: &[TickRecord],
    ) -> Result<(), sqlx::Error> {
        let head =
            "INSERT INTO tick (run, tick, step, epoch, samples, wall_ms, active_ms, attempt, superseded_by)";
        insert_rows(conn, head, 9, ticks, |query, tick| {
            let query = query.bind(self.run).bind(tick.tick).bind(tick.step).bind(tick.epoch.0);
            let query = query.bind(tick.samples).bind(tick.wall_ms).bind(tick.active_ms);
            query.bind(tick.attempt).bind(tick.superseded_by)
        })
        .await
    }

    /// Moves the row of the run to the last log call that counts.
    async fn proceed(&self, conn: &mut SqliteConnection, ticks: &[TickRecord]) -> Result<(), sqlx::Error> {
        let attempt = ticks.iter().map(|tick| tick.attempt).max().unwrap_or_default();
        let sql = "UPDATE run SET tick_next = ?, attempt = max(attempt, ?) WHERE id = ?";
        sqlx::query(sql).bind(self.next).bind(attempt).bind(self.run).execute(&mut *conn).await?;
        let Some(last) = ticks.iter().rfind(|tick| tick.superseded_by.is_none()) else { return Ok(()) };
        let sql = "UPDATE run SET step = ?, epoch = ?, samples = ?, active_ms = ? WHERE id = ?";
        let query = sqlx::query(sql).bind(last.step).bind(last.epoch.0).bind(last.samples);
        query.bind(last.active_ms).bind(self.run).execute(conn).await.map(|_| ())
    }
}
