//! Recording an evaluation after training.

use sqlx::SqliteConnection;

use super::Store;
use crate::{NewEvaluation, RankSet, RunId, StoreError, now_ms, recorder};

impl Store {
    /// Records an evaluation of a run atomically; returns its row id. Replaces ranks of the same name, step and weights.
    /// The run may be training meanwhile.
    pub fn evaluate(&self, run: RunId, new: &NewEvaluation) -> Result<i64, StoreError> {
        self.db.write("recording the evaluation", async |conn| {
            let id = insert(conn, run, new).await?;
            for (name, value, goal) in &new.metrics {
                let sql = "INSERT INTO evaluation_metric (evaluation, name, goal, value) VALUES (?, ?, ?, ?)";
                let query = sqlx::query(sql).bind(id).bind(name).bind(goal.as_str());
                query.bind(value.is_finite().then_some(*value)).execute(&mut *conn).await?;
            }
            for set in &new.ranks {
                let (split, weights) = (new.name.clone(), new.weights.clone());
                let set = RankSet { step: new.step, split, weights, ..set.clone() };
                recorder::insert_rank(conn, run.0, &set).await?;
            }
            Ok(id)
        })
    }
}

async fn insert(conn: &mut SqliteConnection, run: RunId, new: &NewEvaluation) -> Result<i64, sqlx::Error> {
    let sql = "INSERT INTO evaluation (run, at_ms, name, step, weights, data, settings)
               VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id";
    let query = sqlx::query_scalar(sql).bind(run.0).bind(now_ms()).bind(&new.name).bind(new.step as i64);
    query.bind(&new.weights).bind(&new.data).bind(new.settings.to_string()).fetch_one(conn).await
}
