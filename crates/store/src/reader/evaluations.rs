//! Reading evaluations after training.

use std::collections::HashMap;

use super::{Reader, fetch::at_least_zero, has, order::natural};
use crate::{EvaluationMetric, EvaluationRow, Goal, RunId, StoreError};

type Row = (i64, i64, String, i64, String, String, String);

impl Reader {
    /// The evaluations of a run after training, oldest first. Empty in a store of an older schema.
    pub fn evaluations(&self, run: RunId) -> Result<Vec<EvaluationRow>, StoreError> {
        let (rows, values) = self.db.with("reading evaluations", async |conn| {
            if !has(conn, "evaluation").await? {
                return Ok((Vec::new(), Vec::new()));
            }
            let sql = "SELECT id, at_ms, name, step, weights, data, settings FROM evaluation WHERE run = ? ORDER BY id";
            let rows: Vec<Row> = sqlx::query_as(sql).bind(run.0).fetch_all(&mut *conn).await?;
            let sql = "SELECT m.evaluation, e.name || '/' || m.name, m.goal, m.value
                       FROM evaluation e JOIN evaluation_metric m ON m.evaluation = e.id WHERE e.run = ?";
            let values: Vec<(i64, String, String, Option<f64>)> =
                sqlx::query_as(sql).bind(run.0).fetch_all(conn).await?;
            Ok((rows, values))
        })?;
        let mut metrics: HashMap<i64, Vec<EvaluationMetric>> = HashMap::new();
        for (id, name, goal, value) in values {
            let goal = Goal::from_name(&goal);
            metrics.entry(id).or_default().push(EvaluationMetric { name, goal, value });
        }
        metrics.values_mut().for_each(|all| all.sort_by(|a, b| natural(&a.name, &b.name)));
        let row = |(id, at_ms, name, step, weights, data, settings): Row| EvaluationRow {
            id,
            at_ms,
            name,
            step: at_least_zero(step),
            weights,
            data,
            settings: serde_json::from_str(&settings).unwrap_or_default(),
            metrics: metrics.remove(&id).unwrap_or_default(),
        };
        Ok(rows.into_iter().map(row).collect())
    }
}
