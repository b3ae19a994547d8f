//! Runs: as they stand now, and which one is meant.

use std::path::PathBuf;

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    RunId, RunRow, Status, StoreError,
    db::{Host, process_gone},
};

/// A heartbeat older than this is no sign of life.
const SILENCE_MS: i64 = 15_000;
/// The same where the process is not found on this machine, so that a killed run shows soon. Not at once: a process in
/// a container may live without being found. A living one has a heartbeat at least every 5 s.
const GONE_MS: i64 = 8_000;

/// Every run, the newest first.
pub async fn all(conn: &mut SqliteConnection) -> Result<Vec<RunRow>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM run ORDER BY uid DESC").fetch_all(conn).await?;
    let (here, now) = (Host::here(), crate::now_ms());
    rows.iter().map(|row| run(row, &here, now)).collect()
}

fn run(row: &SqliteRow, here: &Host, now: i64) -> Result<RunRow, sqlx::Error> {
    let process =
        Host { host: row.try_get("host")?, boot_id: row.try_get("boot_id")?, pid: row.try_get("pid")? };
    let heartbeat_ms: i64 = row.try_get("heartbeat_ms")?;
    let stored = Status::from_word(row.try_get("status")?).unwrap_or(Status::Failed);
    let (step, active_ms): (u64, i64) = (row.try_get("step")?, row.try_get("active_ms")?);
    let status = seen(stored, now - heartbeat_ms, || process_gone(&process, here));
    let overall = (active_ms > 0).then(|| step as f64 * 1000.0 / active_ms as f64);
    Ok(RunRow {
        id: RunId(row.try_get("id")?),
        uid: row.try_get("uid")?,
        name: row.try_get("name")?,
        study: row.try_get("study")?,
        arm: row.try_get("arm")?,
        seed: row.try_get::<i64, _>("seed")? as u64,
        status,
        reason: row.try_get("reason")?,
        attempt: row.try_get("attempt")?,
        started_ms: row.try_get("started_ms")?,
        ended_ms: row.try_get("ended_ms")?,
        heartbeat_ms,
        step,
        epoch: row.try_get("epoch")?,
        samples: row.try_get("samples")?,
        total_steps: row.try_get("total_steps")?,
        rate: if status.is_live() { row.try_get("rate")? } else { overall },
        active_ms,
        goal_metric: row.try_get("goal_metric")?,
        dir: PathBuf::from(row.try_get::<String, _>("dir")?),
        host: process.host,
        pid: process.pid,
    })
}

/// What a stored status means `silent_ms` after the last sign of life. `gone` says whether the process is known to be
/// gone; nothing is known of another machine.
fn seen(stored: Status, silent_ms: i64, gone: impl FnOnce() -> Option<bool>) -> Status {
    if stored != Status::Running || silent_ms <= GONE_MS {
        return stored;
    }
    match (gone(), silent_ms > SILENCE_MS) {
        (Some(true), _) | (None, true) => Status::Crashed,
        (Some(false), true) => Status::Stalled,
        (_, false) => stored,
    }
}

/// The run meant by `selector`.
pub fn select(runs: Vec<RunRow>, selector: &str) -> Result<RunRow, StoreError> {
    let upper = selector.to_ascii_uppercase();
    let fits = |run: &&RunRow| !selector.is_empty() && run.uid.starts_with(&upper);
    let by_uid: Vec<&RunRow> = runs.iter().filter(fits).collect();
    // Newest first: the first of a name is the newest.
    if let Some(run) =
        runs.iter().find(|r| r.uid == upper).or_else(|| runs.iter().find(|r| r.name == selector))
    {
        return Ok(run.clone());
    }
    match by_uid[..] {
        [run] => Ok(run.clone()),
        [] => Err(StoreError::NoSuchRun { selector: selector.into(), hint: near(&runs, selector) }),
        _ => {
            let names: Vec<String> = by_uid.iter().map(|r| format!("{} ({})", r.uid, r.name)).collect();
            Err(StoreError::Ambiguous { selector: selector.into(), candidates: names.join(", ") })
        }
    }
}

fn near(runs: &[RunRow], selector: &str) -> String {
    let mut names: Vec<(f64, &str)> =
        runs.iter().map(|r| (strsim::jaro_winkler(&r.name, selector), r.name.as_str())).collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    names.dedup();
    let likely: Vec<&str> = names.iter().filter(|n| n.0 > 0.7).take(3).map(|n| n.1).collect();
    match (runs.is_empty(), likely.is_empty()) {
        (true, _) => ": the store has no runs yet".into(),
        (_, true) => "; `clip-lab runs` lists them".into(),
        _ => format!("; did you mean {}?", likely.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_run_is_crashed_or_stalled() {
        assert_eq!(seen(Status::Running, 8_000, || Some(true)), Status::Running);
        assert_eq!(seen(Status::Running, 8_001, || Some(true)), Status::Crashed);
        assert_eq!(seen(Status::Running, 15_000, || Some(false)), Status::Running);
        assert_eq!(seen(Status::Running, 15_001, || Some(false)), Status::Stalled);
        assert_eq!(seen(Status::Running, 15_000, || None), Status::Running);
        assert_eq!(seen(Status::Running, 15_001, || None), Status::Crashed);
        assert_eq!(seen(Status::Finished, 1 << 40, || Some(true)), Status::Finished);
    }
}
