//! The row of a run: inserting it, and starting another attempt.

use sqlx::SqliteConnection;

use super::{record::Record, records, session::Session, summary::recount};
use crate::{Level, NewRun, ResumePoint, Status, db::Host};

/// Inserts the run, or takes over its queued row. Returns the row id.
pub async fn insert(
    conn: &mut SqliteConnection,
    new: &NewRun,
    host: &Host,
    status: Status,
) -> Result<i64, sqlx::Error> {
    let sql = "INSERT INTO run (uid, name, study, arm, seed, spec_text, total_steps, goal_metric, status,
                 created_ms, started_ms, heartbeat_ms, host, pid, boot_id)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?10, ?11, ?12, ?13)
               ON CONFLICT (uid) DO UPDATE SET name = ?2, study = ?3, arm = ?4, seed = ?5, spec_text = ?6,
                 total_steps = ?7, goal_metric = ?8, status = ?9, started_ms = ?10, heartbeat_ms = ?10,
                 host = ?11, pid = ?12, boot_id = ?13 WHERE status = 'queued'
               RETURNING id";
    let query = sqlx::query_scalar(sql).bind(&new.uid).bind(&new.name).bind(&new.study).bind(&new.arm);
    let query = query.bind(new.seed as i64).bind(&new.spec_text).bind(new.total_steps.map(|s| s as i64));
    let query = query.bind(&new.goal_metric).bind(status.as_str());
    let query = query.bind(crate::now_ms()).bind(&host.host).bind(host.pid).bind(&host.boot_id);
    let run: i64 = query.fetch_one(&mut *conn).await?;
    set_config(conn, run, new).await?;
    Ok(run)
}

/// Inserts or replaces settings and environment.
pub async fn set_config(conn: &mut SqliteConnection, run: i64, new: &NewRun) -> Result<(), sqlx::Error> {
    for entry in &new.config {
        let sql = "INSERT OR REPLACE INTO config (run, key, value, origin) VALUES (?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(run).bind(&entry.key).bind(&entry.value).bind(&entry.origin);
        query.execute(&mut *conn).await?;
    }
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(&new.environment) else { return Ok(()) };
    for (key, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        records::set_environment(conn, run, key, value).await?;
    }
    Ok(())
}

/// Starts another attempt at `from`, superseding later records. Returns the milliseconds of work that remain, or the
/// process that started an attempt since attempt `last` was read.
pub async fn resume(
    conn: &mut SqliteConnection,
    uid: &str,
    last: u32,
    from: ResumePoint,
    host: &Host,
) -> Result<Result<i64, Host>, sqlx::Error> {
    let sql = "SELECT id, attempt, tick_next, host, boot_id, pid FROM run WHERE uid = ?";
    let row: (i64, i64, i64, String, String, i64) =
        sqlx::query_as(sql).bind(uid).fetch_one(&mut *conn).await?;
    let (run, attempt, next) = (row.0, row.1 + 1, row.2);
    if row.1 != i64::from(last) {
        return Ok(Err(Host { host: row.3, boot_id: row.4, pid: row.5 }));
    }
    let from_step = from.step;
    let sql =
        "SELECT min(tick) FROM tick WHERE run = ? AND (step > ? OR tick >= ?) AND superseded_by IS NULL";
    let query = sqlx::query_scalar(sql).bind(run).bind(from_step as i64);
    let logged = from.logged.map_or(i64::MAX, |logged| logged as i64);
    let from: Option<i64> = query.bind(logged).fetch_one(&mut *conn).await?;
    if let Some(from) = from {
        supersede(conn, run, attempt, from, next).await?;
    }
    for sql in ["DELETE FROM rank WHERE run = ? AND step > ?", "DELETE FROM probe WHERE run = ? AND step > ?"]
    {
        sqlx::query(sql).bind(run).bind(from_step as i64).execute(&mut *conn).await?;
    }
    let sql =
        "UPDATE run SET attempt = ?, status = 'running', reason = NULL, ended_ms = NULL, heartbeat_ms = ?,
                 host = ?, pid = ?, boot_id = ? WHERE id = ?";
    let query = sqlx::query(sql).bind(attempt).bind(crate::now_ms()).bind(&host.host).bind(host.pid);
    query.bind(&host.boot_id).bind(run).execute(&mut *conn).await?;
    let text = format!("attempt {attempt} resumes after step {from_step}");
    records::write(conn, run, &Record::event(Level::Info, "resume", Some(from_step), &text)).await?;
    rewind(conn, run).await.map(Ok)
}

/// Supersedes every tick from `from` on, and rebuilds the blocks that contained one.
async fn supersede(
    conn: &mut SqliteConnection,
    run: i64,
    attempt: i64,
    from: i64,
    next: i64,
) -> Result<(), sqlx::Error> {
    let sql = "UPDATE tick SET superseded_by = ? WHERE run = ? AND tick >= ? AND superseded_by IS NULL";
    sqlx::query(sql).bind(attempt).bind(run).bind(from).execute(&mut *conn).await?;
    let sql = "DELETE FROM rollup WHERE series IN (SELECT id FROM metric WHERE run = ?) AND (bucket + 1) << level > ?";
    sqlx::query(sql).bind(run).bind(from).execute(&mut *conn).await?;
    recount(conn, run).await?;
    Session::rebuild(conn, run, from, next).await
}

/// Resets the run row to the last tick that is not superseded.
async fn rewind(conn: &mut SqliteConnection, run: i64) -> Result<i64, sqlx::Error> {
    let sql = "SELECT step, epoch, samples, active_ms FROM tick WHERE run = ? AND superseded_by IS NULL
               ORDER BY tick DESC LIMIT 1";
    let last: Option<(i64, f64, i64, i64)> = sqlx::query_as(sql).bind(run).fetch_optional(&mut *conn).await?;
    let (step, epoch, samples, active) = last.unwrap_or_default();
    let sql = "UPDATE run SET step = ?, epoch = ?, samples = ?, active_ms = ? WHERE id = ?";
    let query = sqlx::query(sql).bind(step).bind(epoch).bind(samples).bind(active).bind(run);
    query.execute(conn).await?;
    Ok(active)
}
