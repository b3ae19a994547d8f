//! Rows of lists to which both stores may have added. Their order is that of their row ids.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::transfer::{
    merge::merged,
    types::{ArtifactRecord, EvaluationRecord, EventRecord, NoteRecord},
};

/// Adds the notes of the source.
pub async fn notes(
    conn: &mut SqliteConnection,
    run: i64,
    here: &[NoteRecord],
    there: &[NoteRecord],
) -> Result<(), sqlx::Error> {
    for note in missing(conn, "note", run, here, there).await? {
        let sql = "INSERT INTO note (run, at_ms, text) VALUES (?, ?, ?)";
        sqlx::query(sql).bind(run).bind(note.at_ms).bind(&note.text).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Adds the events of the source.
pub async fn events(
    conn: &mut SqliteConnection,
    run: i64,
    here: &[EventRecord],
    there: &[EventRecord],
) -> Result<(), sqlx::Error> {
    for event in missing(conn, "event", run, here, there).await? {
        let sql = "INSERT INTO event (run, at_ms, level, kind, step, text) VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(run).bind(event.at_ms).bind(&event.level).bind(&event.kind);
        query.bind(event.step).bind(&event.text).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Adds the evaluations of the source.
pub async fn evaluations(
    conn: &mut SqliteConnection,
    run: i64,
    here: &[EvaluationRecord],
    there: &[EvaluationRecord],
) -> Result<(), sqlx::Error> {
    for new in missing(conn, "evaluation", run, here, there).await? {
        let sql = "INSERT INTO evaluation (run, at_ms, name, step, weights, data, settings)
                   VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id";
        let query = sqlx::query_scalar(sql).bind(run).bind(new.at_ms).bind(&new.name).bind(new.step);
        let query = query.bind(&new.weights).bind(&new.data).bind(&new.settings);
        let id: i64 = query.fetch_one(&mut *conn).await?;
        for (name, goal, bits) in &new.metrics {
            let sql =
                "INSERT OR IGNORE INTO evaluation_metric (evaluation, name, goal, value) VALUES (?, ?, ?, ?)";
            let query = sqlx::query(sql).bind(id).bind(name).bind(goal);
            query.bind(bits.map(f64::from_bits)).execute(&mut *conn).await?;
        }
    }
    Ok(())
}

/// Adds a file, or replaces that of the same kind and name.
pub async fn artifact(
    conn: &mut SqliteConnection,
    run: i64,
    file: &ArtifactRecord,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT OR REPLACE INTO artifact (run, at_ms, kind, name, step, path, bytes, digest)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let query = sqlx::query(sql).bind(run).bind(file.at_ms).bind(&file.kind).bind(&file.name);
    let query = query.bind(file.step).bind(&file.path).bind(file.bytes).bind(&file.digest);
    query.execute(conn).await.map(|_| ())
}

/// The rows to insert into `table`. Deletes those that come after a row that is missing, which are inserted again.
async fn missing<T: Ord + Clone>(
    conn: &mut SqliteConnection,
    table: &'static str,
    run: i64,
    here: &[T],
    there: &[T],
) -> Result<Vec<T>, sqlx::Error> {
    let Some(mut all) = merged(here, there) else { return Ok(Vec::new()) };
    let kept = here.iter().zip(&all).take_while(|(a, b)| a == b).count();
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE run = ? ORDER BY id LIMIT -1 OFFSET ?)"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(run).bind(kept as i64).execute(conn).await?;
    Ok(all.split_off(kept))
}
