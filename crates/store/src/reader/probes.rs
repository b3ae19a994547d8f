//! Reading probes and thumbnails.

use super::{Reader, has};
use crate::{Probe, RunId, StoreError};

impl Reader {
    /// The probe of every evaluation, by step, split and weights; empty in a store of an older schema. About 20 KiB each:
    /// read them when [`Reader::changed`] returns true, not for every frame.
    pub fn probes(&self, run: RunId) -> Result<Vec<Probe>, StoreError> {
        self.db.with("reading the probes", async |conn| {
            if !has(conn, "probe").await? {
                return Ok(Vec::new());
            }
            let sql = "SELECT seen FROM probe WHERE run = ? ORDER BY step, split, weights";
            let texts: Vec<String> = sqlx::query_scalar(sql).bind(run.0).fetch_all(conn).await?;
            // One that cannot be read, of another version or damaged, does not hide the others.
            Ok(texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
        })
    }

    /// A thumbnail as JPEG; none if the store has none with that digest.
    pub fn image(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.db.with("reading a thumbnail", async |conn| {
            if !has(conn, "picture").await? {
                return Ok(None);
            }
            let sql = "SELECT jpeg FROM picture WHERE digest = ?";
            sqlx::query_scalar(sql).bind(digest).fetch_optional(conn).await
        })
    }
}
