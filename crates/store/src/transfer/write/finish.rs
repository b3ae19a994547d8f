//! The end of a copy.

use sqlx::SqliteConnection;

use super::lists;
use crate::transfer::{
    Relation,
    types::{ArtifactRecord, Exact, RunHead},
};

/// The row of the run and the summaries of its metrics, as the source has them.
pub async fn record(conn: &mut SqliteConnection, id: i64, head: &RunHead) -> Result<(), sqlx::Error> {
    let (run, extent, process) = (&head.run, &head.state.extent, &head.state.process);
    let sql =
        "UPDATE run SET name = ?, study = ?, arm = ?, seed = ?, spec_text = ?, total_steps = ?, goal_metric = ?,
                 status = ?, reason = ?, attempt = ?, created_ms = ?, started_ms = ?, ended_ms = ?, heartbeat_ms = ?,
                 host = ?, pid = ?, boot_id = ?, step = ?, epoch = ?, samples = ?, rate = ?, active_ms = ? WHERE id = ?";
    let query = sqlx::query(sql).bind(&run.name).bind(&run.study).bind(&run.arm).bind(run.seed);
    let query = query.bind(&run.spec_text).bind(run.total_steps).bind(&run.goal_metric);
    let query = query.bind(&extent.status).bind(&run.reason).bind(extent.attempt).bind(run.created_ms);
    let query = query.bind(run.started_ms).bind(run.ended_ms).bind(extent.heartbeat_ms);
    let query = query.bind(&process.host).bind(process.pid).bind(&process.boot_id).bind(run.step);
    let query = query.bind(run.epoch.0).bind(run.samples).bind(run.rate.map(|rate| rate.0));
    query.bind(run.active_ms).bind(id).execute(&mut *conn).await?;
    for metric in &head.metrics {
        let sql = "UPDATE metric SET unit = ?, goal = ?, n = ?, n_nan = ?, n_inf = ?, first_bad_step = ?, last = ?, min = ?,
                   max = ?, last_step = ?, min_step = ?, max_step = ? WHERE run = ? AND name = ?";
        let query = sqlx::query(sql).bind(&metric.unit).bind(&metric.goal);
        let query = metric.counts.iter().fold(query, |query, count| query.bind(*count));
        let query = query.bind(metric.first_bad_step);
        let real = |value: &Option<Exact>| value.map(|value| value.0);
        let query = metric.values.iter().fold(query, |query, value| query.bind(real(value)));
        let query = metric.steps.iter().fold(query, |query, step| query.bind(*step));
        query.bind(id).bind(&metric.name).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Adds what this store lacks of tags, notes, events, evaluations, files and the environment.
pub async fn unite(
    conn: &mut SqliteConnection,
    run: i64,
    head: &RunHead,
    here: &RunHead,
    relation: Relation,
) -> Result<(), sqlx::Error> {
    for tag in head.tags.iter().filter(|tag| !here.tags.contains(tag)) {
        let sql = "INSERT OR IGNORE INTO tag (run, tag) VALUES (?, ?)";
        sqlx::query(sql).bind(run).bind(tag).execute(&mut *conn).await?;
    }
    for (key, value) in &head.environment {
        let ours = here.environment.iter().find(|(ours, _)| ours == key).map(|(_, value)| value);
        let taken = match ours {
            None => true,
            Some(ours) if relation == Relation::Ahead => ours != value,
            // Any rule will do that is the same in both directions.
            Some(ours) => relation == Relation::Same && value > ours,
        };
        if taken {
            let sql = "INSERT OR REPLACE INTO environment (run, key, value) VALUES (?, ?, ?)";
            sqlx::query(sql).bind(run).bind(key).bind(value).execute(&mut *conn).await?;
        }
    }
    for file in &head.artifacts {
        let same = |ours: &&ArtifactRecord| ours.kind == file.kind && ours.name == file.name;
        if here.artifacts.iter().find(same).is_none_or(|ours| file > ours) {
            lists::artifact(conn, run, file).await?;
        }
    }
    lists::notes(conn, run, &here.notes, &head.notes).await?;
    lists::events(conn, run, &here.events, &head.events).await?;
    lists::evaluations(conn, run, &here.evaluations, &head.evaluations).await
}
