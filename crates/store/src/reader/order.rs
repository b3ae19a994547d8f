//! In which order metrics came.

use super::Reader;
use crate::{RunId, StoreError};

impl Reader {
    /// The names of the metrics of a run in the order in which they were first recorded: what a trainer logs layer by
    /// layer comes back layer by layer, which no order of names would give.
    pub fn metric_order(&self, run: RunId) -> Result<Vec<String>, StoreError> {
        self.db.with("reading the metrics", async |conn| {
            sqlx::query_scalar("SELECT name FROM metric WHERE run = ? ORDER BY id")
                .bind(run.0)
                .fetch_all(conn)
                .await
        })
    }
}
