//! Reading what is copied. Every function is one short read transaction, so that a run may record meanwhile.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    digest::digest,
    types::{
        ArtifactRecord, Chunk, EvaluationRecord, EventRecord, Exact, Extent, MetricRecord, NoteRecord,
        ProbeKey, ProbeRecord, RankKey, RunHead, RunRecord, RunState, SeriesPoints, Superseded, Thumbnail,
        TickRecord,
    },
};
use crate::{
    RankSet, Reader, StoreError,
    db::Host,
    folder::is_uid,
    reader::{fetch_batched, has, value},
};

/// Points of one chunk, at most; and log calls.
const CHUNK_POINTS: i64 = 1 << 16;
const CHUNK_TICKS: i64 = 4096;

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
            Some(run) => chunk(conn, run, from, to).await,
            None => Err(sqlx::Error::RowNotFound),
        })
    }

    /// The ranks with these keys.
    pub fn rank_sets(&self, uid: &str, keys: &[RankKey]) -> Result<Vec<RankSet>, StoreError> {
        self.snapshot("reading ranks", async |conn| {
            let Some(run) = find(conn, uid).await? else { return Ok(Vec::new()) };
            let mut sets = Vec::new();
            for key in keys {
                sets.extend(rank(conn, run, key).await?);
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
    let mut head = RunHead { state: state(&row)?, run: record(&row)?, ..RunHead::default() };
    let sql = "SELECT key, value, origin FROM config WHERE run = ? ORDER BY key";
    head.config = sqlx::query_as(sql).bind(run).fetch_all(&mut *conn).await?;
    let sql = "SELECT key, value FROM environment WHERE run = ? ORDER BY key";
    head.environment = sqlx::query_as(sql).bind(run).fetch_all(&mut *conn).await?;
    let sql = "SELECT tag FROM tag WHERE run = ? ORDER BY tag";
    head.tags = sqlx::query_scalar(sql).bind(run).fetch_all(&mut *conn).await?;
    let rows = sqlx::query("SELECT * FROM metric WHERE run = ? ORDER BY id").bind(run);
    head.metrics = rows.fetch_all(&mut *conn).await?.iter().map(metric).collect::<Result<_, _>>()?;
    (head.events, head.notes) = (events(conn, run).await?, notes(conn, run).await?);
    head.artifacts = artifacts(conn, run).await?;
    head.evaluations = evaluations(conn, run).await?;
    (head.ranks, head.probes) = (ranks(conn, run).await?, probes(conn, run).await?);
    head.state.digest = digest(&head);
    if let Some(logged) = logged {
        let last = head.state.extent.logged.min(logged) - 1;
        head.common = tick(conn, run, last).await?;
        head.superseded = superseded(conn, run).await?;
    }
    Ok(head)
}

fn state(row: &SqliteRow) -> Result<RunState, sqlx::Error> {
    let process =
        Host { host: row.try_get("host")?, boot_id: row.try_get("boot_id")?, pid: row.try_get("pid")? };
    let extent = Extent {
        attempt: row.try_get("attempt")?,
        logged: row.try_get("tick_next")?,
        heartbeat_ms: row.try_get("heartbeat_ms")?,
        ended_ms: row.try_get::<Option<i64>, _>("ended_ms")?.unwrap_or_default(),
        complete: !process.host.is_empty(),
        status: row.try_get("status")?,
    };
    let (uid, name) = (row.try_get("uid")?, row.try_get("name")?);
    Ok(RunState { uid, name, extent, process, digest: String::new() })
}

fn record(row: &SqliteRow) -> Result<RunRecord, sqlx::Error> {
    Ok(RunRecord {
        name: row.try_get("name")?,
        study: row.try_get("study")?,
        arm: row.try_get("arm")?,
        seed: row.try_get("seed")?,
        spec_text: row.try_get("spec_text")?,
        total_steps: row.try_get("total_steps")?,
        goal_metric: row.try_get("goal_metric")?,
        reason: row.try_get("reason")?,
        created_ms: row.try_get("created_ms")?,
        started_ms: row.try_get("started_ms")?,
        ended_ms: row.try_get("ended_ms")?,
        step: row.try_get("step")?,
        epoch: Exact(row.try_get("epoch")?),
        samples: row.try_get("samples")?,
        rate: row.try_get::<Option<f64>, _>("rate")?.map(Exact),
        active_ms: row.try_get("active_ms")?,
    })
}

fn metric(row: &SqliteRow) -> Result<MetricRecord, sqlx::Error> {
    let real = |name: &str| row.try_get::<Option<f64>, _>(name).map(|value| value.map(Exact));
    Ok(MetricRecord {
        name: row.try_get("name")?,
        unit: row.try_get("unit")?,
        goal: row.try_get("goal")?,
        counts: [row.try_get("n")?, row.try_get("n_nan")?, row.try_get("n_inf")?],
        first_bad_step: row.try_get("first_bad_step")?,
        values: [real("last")?, real("min")?, real("max")?],
        steps: [row.try_get("last_step")?, row.try_get("min_step")?, row.try_get("max_step")?],
    })
}

/// The events, in order.
pub async fn events(conn: &mut SqliteConnection, run: i64) -> Result<Vec<EventRecord>, sqlx::Error> {
    let sql = "SELECT at_ms, level, kind, step, text FROM event WHERE run = ? ORDER BY id";
    let rows: Vec<(i64, String, String, Option<i64>, String)> =
        sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    let event = |(at_ms, level, kind, step, text)| EventRecord { at_ms, level, kind, step, text };
    Ok(rows.into_iter().map(event).collect())
}

/// The notes, in order.
pub async fn notes(conn: &mut SqliteConnection, run: i64) -> Result<Vec<NoteRecord>, sqlx::Error> {
    let sql = "SELECT at_ms, text FROM note WHERE run = ? ORDER BY id";
    let rows: Vec<(i64, String)> = sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(at_ms, text)| NoteRecord { at_ms, text }).collect())
}

/// The artifacts, in order.
pub async fn artifacts(conn: &mut SqliteConnection, run: i64) -> Result<Vec<ArtifactRecord>, sqlx::Error> {
    let sql = "SELECT at_ms, kind, name, step, path, bytes, digest FROM artifact WHERE run = ? ORDER BY id";
    let rows = sqlx::query(sql).bind(run).fetch_all(conn).await?;
    let artifact = |row: &SqliteRow| {
        Ok(ArtifactRecord {
            at_ms: row.try_get(0)?,
            kind: row.try_get(1)?,
            name: row.try_get(2)?,
            step: row.try_get(3)?,
            path: row.try_get(4)?,
            bytes: row.try_get(5)?,
            digest: row.try_get(6)?,
        })
    };
    rows.iter().map(artifact).collect()
}

/// The evaluations, in order.
pub async fn evaluations(
    conn: &mut SqliteConnection,
    run: i64,
) -> Result<Vec<EvaluationRecord>, sqlx::Error> {
    if !has(conn, "evaluation").await? {
        return Ok(Vec::new());
    }
    let sql = "SELECT e.id, m.name, m.goal, m.value FROM evaluation e JOIN evaluation_metric m ON m.evaluation = e.id
               WHERE e.run = ? ORDER BY e.id, m.name";
    let values: Vec<(i64, String, String, Option<f64>)> =
        sqlx::query_as(sql).bind(run).fetch_all(&mut *conn).await?;
    let mut metrics: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for (id, name, goal, value) in values {
        metrics.entry(id).or_default().push((name, goal, value.map(f64::to_bits)));
    }
    let sql =
        "SELECT id, at_ms, name, step, weights, data, settings FROM evaluation WHERE run = ? ORDER BY id";
    let rows: Vec<(i64, i64, String, i64, String, String, String)> =
        sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    let evaluation = |(id, at_ms, name, step, weights, data, settings)| {
        let metrics = metrics.remove(&id).unwrap_or_default();
        EvaluationRecord { at_ms, name, step, weights, data, settings, metrics }
    };
    Ok(rows.into_iter().map(evaluation).collect())
}

/// The keys of the ranks.
pub async fn ranks(conn: &mut SqliteConnection, run: i64) -> Result<Vec<RankKey>, sqlx::Error> {
    let sql = "SELECT step, split, suite, direction, weights FROM rank WHERE run = ?
               ORDER BY step, split, suite, direction, weights";
    let rows: Vec<(i64, String, String, String, String)> =
        sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    let key = |(step, split, suite, direction, weights)| RankKey { step, split, suite, direction, weights };
    Ok(rows.into_iter().map(key).collect())
}

async fn rank(conn: &mut SqliteConnection, run: i64, key: &RankKey) -> Result<Option<RankSet>, sqlx::Error> {
    let sql =
        "SELECT ranks FROM rank WHERE run = ? AND step = ? AND split = ? AND suite = ? AND direction = ?
               AND weights = ?";
    let query = sqlx::query_scalar(sql).bind(run).bind(key.step).bind(&key.split).bind(&key.suite);
    let blob: Option<Vec<u8>> = query.bind(&key.direction).bind(&key.weights).fetch_optional(conn).await?;
    Ok(blob.map(|blob| RankSet {
        step: key.step as u64,
        split: key.split.clone(),
        suite: key.suite.clone(),
        direction: key.direction.clone(),
        weights: key.weights.clone(),
        ranks: crate::reader::numbers(&blob),
    }))
}

/// The keys of the probes.
pub async fn probes(conn: &mut SqliteConnection, run: i64) -> Result<Vec<ProbeKey>, sqlx::Error> {
    if !has(conn, "probe").await? {
        return Ok(Vec::new());
    }
    let sql = "SELECT step, split, weights FROM probe WHERE run = ? ORDER BY step, split, weights";
    let rows: Vec<(i64, String, String)> = sqlx::query_as(sql).bind(run).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(step, split, weights)| ProbeKey { step, split, weights }).collect())
}

const TICK: &str = "tick, step, epoch, samples, wall_ms, active_ms, attempt, superseded_by";

fn tick_record(row: &SqliteRow) -> Result<TickRecord, sqlx::Error> {
    Ok(TickRecord {
        tick: row.try_get(0)?,
        step: row.try_get(1)?,
        epoch: Exact(row.try_get(2)?),
        samples: row.try_get(3)?,
        wall_ms: row.try_get(4)?,
        active_ms: row.try_get(5)?,
        attempt: row.try_get(6)?,
        superseded_by: row.try_get(7)?,
    })
}

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
async fn superseded(conn: &mut SqliteConnection, run: i64) -> Result<Vec<Superseded>, sqlx::Error> {
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

async fn chunk(conn: &mut SqliteConnection, run: i64, from: i64, to: i64) -> Result<Chunk, sqlx::Error> {
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
