//! The beginning of a copy: the row of the run, superseded log calls, and what is missing.

use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;

use crate::{
    recorder::{Session, recount},
    transfer::{
        Relation,
        read::{evaluations, probes, ranks},
        types::{EvaluationRecord, ProbeKey, RankKey, RunHead, Superseded},
    },
};

/// What a run says while its copy is incomplete.
const INCOMPLETE: &str = "the copy of this run is incomplete: push or pull it again";

/// Inserts the run as an incomplete copy.
pub async fn insert(conn: &mut SqliteConnection, head: &RunHead) -> Result<(), sqlx::Error> {
    let (uid, run) = (&head.state.uid, &head.run);
    let sql = "INSERT INTO run (uid, name, study, arm, seed, spec_text, total_steps, goal_metric, created_ms, started_ms,
                 status, reason, heartbeat_ms, host, pid, boot_id)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'interrupted', ?, 0, '', 0, '') RETURNING id";
    let query = sqlx::query_scalar(sql).bind(uid).bind(&run.name).bind(&run.study).bind(&run.arm);
    let query = query.bind(run.seed).bind(&run.spec_text).bind(run.total_steps).bind(&run.goal_metric);
    let query = query.bind(run.created_ms).bind(run.started_ms).bind(INCOMPLETE);
    let id: i64 = query.fetch_one(&mut *conn).await?;
    describe(conn, id, head).await
}

/// Prepares a run of this store for more log calls: marks the copy as incomplete, and supersedes what a later attempt
/// superseded.
pub async fn prepare(conn: &mut SqliteConnection, run: i64, head: &RunHead) -> Result<(), sqlx::Error> {
    let sql =
        "UPDATE run SET status = 'interrupted', reason = ?, ended_ms = NULL, host = '', pid = 0, boot_id = ''
               WHERE id = ?";
    sqlx::query(sql).bind(INCOMPLETE).bind(run).execute(&mut *conn).await?;
    describe(conn, run, head).await?;
    let sql = "SELECT tick_next FROM run WHERE id = ?";
    let next: i64 = sqlx::query_scalar(sql).bind(run).fetch_one(&mut *conn).await?;
    supersede(conn, run, &head.superseded, next).await
}

/// The settings, and the metrics in the order of the source.
async fn describe(conn: &mut SqliteConnection, run: i64, head: &RunHead) -> Result<(), sqlx::Error> {
    for (key, value, origin) in &head.config {
        let sql = "INSERT OR REPLACE INTO config (run, key, value, origin) VALUES (?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(run).bind(key).bind(value).bind(origin);
        query.execute(&mut *conn).await?;
    }
    for metric in &head.metrics {
        let sql = "INSERT OR IGNORE INTO metric (run, name, unit, goal) VALUES (?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(run).bind(&metric.name).bind(&metric.unit).bind(&metric.goal);
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Supersedes the log calls before `next` that `ranges` names, and no others. What was derived from them is computed
/// again or, for evaluations, deleted, as when a run is resumed; the source sends what it has.
async fn supersede(
    conn: &mut SqliteConnection,
    run: i64,
    ranges: &[Superseded],
    next: i64,
) -> Result<(), sqlx::Error> {
    let mut first: Option<(i64, i64)> = None;
    for (from, to, by) in parts(ranges, next) {
        let sql =
            "SELECT tick, step FROM tick WHERE run = ? AND tick >= ? AND tick < ? AND superseded_by IS NOT ?
                   ORDER BY tick LIMIT 1";
        let query = sqlx::query_as(sql).bind(run).bind(from).bind(to).bind(by);
        let found: Option<(i64, i64)> = query.fetch_optional(&mut *conn).await?;
        if found.is_none() {
            continue;
        }
        first = first.or(found);
        let sql = "UPDATE tick SET superseded_by = ?1
                   WHERE run = ?2 AND tick >= ?3 AND tick < ?4 AND superseded_by IS NOT ?1";
        sqlx::query(sql).bind(by).bind(run).bind(from).bind(to).execute(&mut *conn).await?;
    }
    let Some((tick, step)) = first else { return Ok(()) };
    let sql = "DELETE FROM rollup WHERE series IN (SELECT id FROM metric WHERE run = ?) AND (bucket + 1) << level > ?";
    sqlx::query(sql).bind(run).bind(tick).execute(&mut *conn).await?;
    recount(conn, run).await?;
    Session::rebuild(conn, run, tick, next).await?;
    let sql = "DELETE FROM rank WHERE run = ?1 AND step >= ?2
               AND split NOT IN (SELECT name FROM evaluation WHERE run = ?1)";
    sqlx::query(sql).bind(run).bind(step).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM probe WHERE run = ? AND step >= ?").bind(run).bind(step).execute(conn).await?;
    Ok(())
}

/// The log calls `0..next` in parts, each superseded by one attempt or by none.
fn parts(ranges: &[Superseded], next: i64) -> Vec<(i64, i64, Option<i64>)> {
    let (mut parts, mut at) = (Vec::new(), 0);
    for range in ranges.iter().filter(|range| range.from < next) {
        parts.push((at, range.from, None));
        at = range.to.min(next);
        parts.push((range.from, at, Some(range.by)));
    }
    parts.push((at, next, None));
    parts.retain(|(from, to, _)| from < to);
    parts
}

/// The ranks and probes that the source has to send.
///
/// Those of the training belong to the record: of a record that is behind, none are taken, since the run may have been
/// resumed before them. Ranks of an evaluation after training belong to the latest evaluation of that name.
pub async fn missing(
    conn: &mut SqliteConnection,
    run: i64,
    head: &RunHead,
    relation: Relation,
) -> Result<(Vec<RankKey>, Vec<ProbeKey>), sqlx::Error> {
    let has: HashSet<RankKey> = ranks(conn, run).await?.into_iter().collect();
    let (here, there) = (latest(&evaluations(conn, run).await?), latest(&head.evaluations));
    let names: HashSet<&str> = head.evaluations.iter().map(|one| one.name.as_str()).collect();
    let wanted = |key: &&RankKey| {
        let which = (key.split.clone(), key.step, key.weights.clone());
        let newer = there.get(&which) > here.get(&which);
        let of_record = relation != Relation::Behind || names.contains(key.split.as_str());
        newer || (of_record && !has.contains(*key))
    };
    let sets = head.ranks.iter().filter(wanted).cloned().collect();
    let has: HashSet<ProbeKey> = probes(conn, run).await?.into_iter().collect();
    let wanted = |key: &&ProbeKey| relation != Relation::Behind && !has.contains(*key);
    Ok((sets, head.probes.iter().filter(wanted).cloned().collect()))
}

/// When the latest evaluation of each name, step and weights was.
fn latest(evaluations: &[EvaluationRecord]) -> HashMap<(String, i64, String), i64> {
    let mut latest = HashMap::new();
    for one in evaluations {
        let at = latest.entry((one.name.clone(), one.step, one.weights.clone())).or_insert(one.at_ms);
        *at = one.at_ms.max(*at);
    }
    latest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_calls_are_divided_into_superseded_and_others() {
        let range = |from, to, by| Superseded { from, to, by };
        let ranges = [range(0, 2, 2), range(5, 9, 2), range(9, 20, 3), range(30, 40, 4)];
        assert_eq!(parts(&ranges, 12), [(0, 2, Some(2)), (2, 5, None), (5, 9, Some(2)), (9, 12, Some(3))]);
        assert_eq!(parts(&ranges, 0), []);
        assert_eq!(parts(&[], 3), [(0, 3, None)]);
    }
}
