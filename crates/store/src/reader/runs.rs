//! Reading runs, and resolving run selectors.

use std::{borrow::Cow, path::Path};

use serde::Deserialize;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    fetch::{at_least_zero, fetch_batched, json, optional},
    liveness::{HeartbeatAge, Watch},
    statement::{Statement, Value},
};
use crate::{
    RunId, RunRow, Status, StoreError,
    db::{Host, process_ended},
    folder::is_uid,
};

/// Two numbers with all their digits, and the other columns as one text: each value of a row costs allocations in two
/// threads. Not the spec text, which is longer than everything else. The index `run_listed` has these columns.
const COLUMNS: &str =
    "epoch, rate, json_array(id, uid, name, study, arm, seed, status, reason, attempt, started_ms, ended_ms,
  heartbeat_ms, step, samples, total_steps, active_ms, goal_metric, host, boot_id, pid)";

/// The JSON array of [`COLUMNS`], in its order.
#[derive(Deserialize)]
struct Stored<'a> {
    id: i64,
    uid: String,
    name: String,
    study: Option<String>,
    arm: Option<String>,
    seed: i64,
    #[serde(borrow)]
    status: Cow<'a, str>,
    reason: Option<String>,
    attempt: i64,
    started_ms: Option<i64>,
    ended_ms: Option<i64>,
    heartbeat_ms: i64,
    step: i64,
    samples: i64,
    total_steps: Option<i64>,
    active_ms: i64,
    goal_metric: Option<String>,
    host: String,
    boot_id: String,
    pid: i64,
}

/// Every run, newest first. Skips rows with an invalid uid, which could name any folder.
pub async fn all(
    conn: &mut SqliteConnection,
    store_dir: &Path,
    watch: &Watch,
) -> Result<Vec<RunRow>, sqlx::Error> {
    some(conn, store_dir, watch, None, None).await
}

/// The runs that meet a condition, newest first; at most the first `limit`.
pub async fn some(
    conn: &mut SqliteConnection,
    store_dir: &Path,
    watch: &Watch,
    condition: Option<Statement>,
    limit: Option<usize>,
) -> Result<Vec<RunRow>, sqlx::Error> {
    let select = Statement::new(format!("SELECT {COLUMNS} FROM run"));
    let select =
        condition.into_iter().fold(select, |select, condition| select.text(" WHERE ").then(condition));
    // A negative limit is none.
    let limit = limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let select = select.with(" ORDER BY uid DESC LIMIT ?", [Value::Integer(limit)]);
    let (here, now) = (Host::here(), crate::now_ms());
    // Each row as it arrives: its values take several times the memory of the run.
    let read = |row: SqliteRow| run(&row, store_dir, watch, &here, now);
    let mut runs = fetch_batched(select.query().try_map(read).fetch_all(conn)).await?;
    runs.retain(|run| is_uid(&run.uid));
    Ok(runs)
}

fn run(
    row: &SqliteRow,
    store_dir: &Path,
    watch: &Watch,
    here: &Host,
    now: i64,
) -> Result<RunRow, sqlx::Error> {
    let (epoch, rate): (f64, Option<f64>) = (row.try_get(0)?, row.try_get(1)?);
    let stored: Stored = json(row, 2)?;
    let process = Host { host: stored.host, boot_id: stored.boot_id, pid: stored.pid };
    let (uid, heartbeat_ms) = (stored.uid, stored.heartbeat_ms);
    let (step, active_ms) = (at_least_zero(stored.step), stored.active_ms);
    let status = Status::from_name(&stored.status).unwrap_or(Status::Failed);
    let unchanged_ms = match status {
        Status::Running => watch.unchanged_ms(&uid, heartbeat_ms),
        _ => 0,
    };
    let age = HeartbeatAge { by_clock_ms: now.saturating_sub(heartbeat_ms), unchanged_ms };
    let status = age.status(status, || process_ended(&process, here));
    let overall = (active_ms > 0).then(|| step as f64 * 1000.0 / active_ms as f64);
    Ok(RunRow {
        id: RunId(stored.id),
        dir: store_dir.join(&uid),
        uid,
        name: stored.name,
        study: stored.study,
        arm: stored.arm,
        seed: stored.seed as u64,
        status,
        reason: stored.reason,
        attempt: u32::try_from(stored.attempt).unwrap_or_default(),
        started_ms: stored.started_ms.unwrap_or_default(),
        ended_ms: stored.ended_ms,
        heartbeat_ms,
        step,
        epoch,
        samples: at_least_zero(stored.samples),
        total_steps: optional(stored.total_steps),
        rate: if status.is_live() { rate } else { overall },
        active_ms,
        goal_metric: stored.goal_metric,
        host: process.host,
        pid: process.pid,
    })
}

/// The run that `selector` names.
pub fn select(runs: Vec<RunRow>, selector: &str) -> Result<RunRow, StoreError> {
    let upper = selector.to_ascii_uppercase();
    let matches = |run: &&RunRow| !selector.is_empty() && run.uid.starts_with(&upper);
    let by_uid: Vec<&RunRow> = runs.iter().filter(matches).collect();
    // Newest first: the first of a name is the newest.
    if let Some(run) =
        runs.iter().find(|r| r.uid == upper).or_else(|| runs.iter().find(|r| r.name == selector))
    {
        return Ok(run.clone());
    }
    match by_uid[..] {
        [run] => Ok(run.clone()),
        [] => Err(StoreError::NoSuchRun { selector: selector.into(), hint: suggest(&runs, selector) }),
        _ => {
            let names: Vec<String> = by_uid.iter().map(|r| format!("{} ({})", r.uid, r.name)).collect();
            Err(StoreError::Ambiguous { selector: selector.into(), candidates: names.join(", ") })
        }
    }
}

fn suggest(runs: &[RunRow], selector: &str) -> String {
    let mut names: Vec<(f64, &str)> =
        runs.iter().map(|r| (strsim::jaro_winkler(&r.name, selector), r.name.as_str())).collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    names.dedup();
    let likely: Vec<&str> = names.iter().filter(|n| n.0 > 0.7).take(3).map(|n| n.1).collect();
    match (runs.is_empty(), likely.is_empty()) {
        (true, _) => ": the store has no runs yet".into(),
        (_, true) => "; `clip-lab runs list` lists them".into(),
        _ => format!("; did you mean {}?", likely.join(" or ")),
    }
}
