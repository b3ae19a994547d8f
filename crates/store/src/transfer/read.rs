//! Reading what is copied. Every function is one short read transaction, so that a run may record meanwhile.

mod lists;
mod log_calls;
mod rows;

use sqlx::SqliteConnection;

use self::lists::{artifacts, events, notes};
pub use self::{
    lists::{evaluations, probes, ranks},
    log_calls::tick,
};
use super::{
    digest::digest,
    types::{Chunk, ProbeKey, ProbeRecord, RankKey, RunHead, RunState, Thumbnail},
};
use crate::{RankSet, Reader, StoreError, folder::is_uid};

impl Reader {
    /// The states of the runs `uids`; leaves out those that the store does not have.
    pub fn run_states(&self, uids: &[String]) -> Result<Vec<RunState>, StoreError> {
        self.snapshot("reading the runs", async |conn| {
            let mut states = Vec::new();
            for uid in uids.iter().filter(|uid| is_uid(uid)) {
                if let Some(run) = find(conn, uid).await? {
                    states.push(head(conn, run, None).await?.state);
                }
            }
            Ok(states)
        })
    }

    /// The run `uid` without its log calls; none if the store does not have it. `logged`: the log calls that the other
    /// store has.
    pub fn run_head(&self, uid: &str, logged: Option<i64>) -> Result<Option<RunHead>, StoreError> {
        self.snapshot("reading the run", async |conn| match find(conn, uid).await? {
            Some(run) => head(conn, run, logged).await.map(Some),
            None => Ok(None),
        })
    }

    /// Log calls of a run from `from` on, before `to`; as many as fit into one transaction.
    pub fn log_calls(&self, uid: &str, from: i64, to: i64) -> Result<Chunk, StoreError> {
        self.snapshot("reading points", async |conn| match find(conn, uid).await? {
            Some(run) => log_calls::chunk(conn, run, from, to).await,
            None => Err(sqlx::Error::RowNotFound),
        })
    }

    /// The ranks with these keys.
    pub fn rank_sets(&self, uid: &str, keys: &[RankKey]) -> Result<Vec<RankSet>, StoreError> {
        self.snapshot("reading ranks", async |conn| {
            let Some(run) = find(conn, uid).await? else { return Ok(Vec::new()) };
            let mut sets = Vec::new();
            for key in keys {
                sets.extend(lists::rank(conn, run, key).await?);
            }
            Ok(sets)
        })
    }

    /// The probes with these keys.
    pub fn probe_records(&self, uid: &str, keys: &[ProbeKey]) -> Result<Vec<ProbeRecord>, StoreError> {
        self.snapshot("reading the probes", async |conn| {
            let Some(run) = find(conn, uid).await? else { return Ok(Vec::new()) };
            let mut records = Vec::new();
            for key in keys {
                let sql = "SELECT seen FROM probe WHERE run = ? AND step = ? AND split = ? AND weights = ?";
                let query = sqlx::query_scalar(sql).bind(run).bind(key.step).bind(&key.split);
                let seen: Option<String> = query.bind(&key.weights).fetch_optional(&mut *conn).await?;
                records.extend(seen.map(|seen| ProbeRecord { key: key.clone(), seen }));
            }
            Ok(records)
        })
    }

    /// The thumbnails with these digests; leaves out those that the store does not have.
    pub fn thumbnails(&self, digests: &[String]) -> Result<Vec<Thumbnail>, StoreError> {
        let read = |digest: &String| {
            let jpeg = self.image(digest)?;
            Ok(jpeg.map(|jpeg| Thumbnail { digest: digest.clone(), jpeg }))
        };
        digests.iter().filter_map(|digest| read(digest).transpose()).collect()
    }

    fn snapshot<T>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        self.db.with(doing, async |conn| {
            sqlx::query("BEGIN").execute(&mut *conn).await?;
            let done = work(&mut *conn).await;
            sqlx::query("ROLLBACK").execute(conn).await?;
            done
        })
    }
}

/// The row id of a run.
pub async fn find(conn: &mut SqliteConnection, uid: &str) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM run WHERE uid = ?").bind(uid).fetch_optional(conn).await
}

/// Everything of a run but its log calls.
pub async fn head(
    conn: &mut SqliteConnection,
    run: i64,
    logged: Option<i64>,
) -> Result<RunHead, sqlx::Error> {
    let row = sqlx::query("SELECT * FROM run WHERE id = ?").bind(run).fetch_one(&mut *conn).await?;
    let mut head = RunHead { state: rows::state(&row)?, run: rows::record(&row)?, ..RunHead::default() };
    let sql = "SELECT key, value, origin FROM config WHERE run = ? ORDER BY key";
    head.config = sqlx::query_as(sql).bind(run).fetch_all(&mut *conn).await?;
    let sql = "SELECT key, value FROM environment WHERE run = ? ORDER BY key";
    head.environment = sqlx::query_as(sql).bind(run).fetch_all(&mut *conn).await?;
    let sql = "SELECT tag FROM tag WHERE run = ? ORDER BY tag";
    head.tags = sqlx::query_scalar(sql).bind(run).fetch_all(&mut *conn).await?;
    let query = sqlx::query("SELECT * FROM metric WHERE run = ? ORDER BY id").bind(run);
    head.metrics = query.fetch_all(&mut *conn).await?.iter().map(rows::metric).collect::<Result<_, _>>()?;
    (head.events, head.notes) = (events(conn, run).await?, notes(conn, run).await?);
    head.artifacts = artifacts(conn, run).await?;
    head.evaluations = evaluations(conn, run).await?;
    (head.ranks, head.probes) = (ranks(conn, run).await?, probes(conn, run).await?);
    head.state.digest = digest(&head);
    if let Some(logged) = logged {
        let last = head.state.extent.logged.min(logged) - 1;
        head.common = tick(conn, run, last).await?;
        head.superseded = log_calls::superseded(conn, run).await?;
    }
    Ok(head)
}
