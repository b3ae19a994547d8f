//! The runs that may meet a condition, found in SQL.

use sqlx::Row as _;

use super::{
    Reader, conditions,
    fetch::json_list,
    names::{METRICS, SETTINGS, indexed},
    runs,
    statement::{Statement, Value},
};
use crate::{RequiredData, RunCondition, RunRow, StoreError, folder::is_uid};

impl Reader {
    /// Every run that meets `condition`, and possibly others, newest first; at most the first `limit`. Reads only the rows
    /// returned, and the columns of the condition, unless the store has an older schema.
    pub fn candidates(
        &self,
        condition: &RunCondition,
        limit: Option<usize>,
    ) -> Result<Vec<RunRow>, StoreError> {
        self.db.with("reading the runs", async |conn| {
            let condition = conditions::sql(condition, indexed(conn).await?);
            runs::some(conn, self.db.dir(), self.watch, condition, limit).await
        })
    }

    /// For each of the names in `required`, runs that have it, if any: one of the oldest and one of the newest. None if the
    /// store has an older schema, in which that would read every setting and metric.
    pub fn examples(&self, required: &RequiredData) -> Result<Vec<RunRow>, StoreError> {
        self.db.with("reading the runs", async |conn| {
            let parts = [(SETTINGS, ""), (METRICS, " AND last IS NOT NULL")].map(|(names, also)| {
                let sql = format!("SELECT min(run), max(run) FROM {} WHERE ", names.table);
                let group = format!("{also} GROUP BY {}", names.column);
                Some(Statement::new(sql).then(names.requested(required, true)?).text(&group))
            });
            let parts: Vec<Statement> = parts.into_iter().flatten().collect();
            if parts.is_empty() || !indexed(conn).await? {
                return Ok(Vec::new());
            }
            let rows = Statement::joined("", parts, " UNION ", "").query().fetch_all(&mut *conn).await?;
            let ids = rows.iter().flat_map(|row| [row.try_get::<i64, _>(0), row.try_get(1)]);
            let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
            let list = Value::Bytes(json_list(&ids).into_bytes());
            let among =
                Statement::new("").with("id IN (SELECT value FROM json_each(CAST(? AS TEXT)))", [list]);
            runs::some(conn, self.db.dir(), self.watch, Some(among), None).await
        })
    }

    /// The number of runs.
    pub fn run_count(&self) -> Result<usize, StoreError> {
        let uids: String = self.db.with("counting the runs", async |conn| {
            sqlx::query_scalar("SELECT json_group_array(uid) FROM run").fetch_one(conn).await
        })?;
        let uids: Vec<String> = serde_json::from_str(&uids).unwrap_or_default();
        Ok(uids.iter().filter(|uid| is_uid(uid)).count())
    }
}
