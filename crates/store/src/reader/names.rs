//! Names of settings and metrics: the conditions that match them, and every name of the store.

use sqlx::SqliteConnection;

use super::{
    Reader,
    statement::{Statement, Value},
};
use crate::{RequiredData, StoreError};

/// Where names are.
#[derive(Clone, Copy)]
pub struct Names {
    /// The table.
    pub table: &'static str,
    /// Its column.
    pub column: &'static str,
    /// Separates the components of a name.
    sign: char,
}

/// Settings.
pub const SETTINGS: Names = Names { table: "config", column: "key", sign: '.' };
/// Metrics.
pub const METRICS: Names = Names { table: "metric", column: "name", sign: '/' };

impl Reader {
    /// The names of all settings and metrics of all runs.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        self.db.with("reading the names", async |conn| {
            let sql = match indexed(conn).await? {
                true => format!("{} UNION {}", SETTINGS.unique(), METRICS.unique()),
                false => "SELECT key FROM config UNION SELECT name FROM metric".to_owned(),
            };
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(conn).await
        })
    }
}

/// Whether the store has the indexes of settings and metrics by name: an older schema lacks them.
pub async fn indexed(conn: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name IN ('config_of_key', 'metric_of_name')";
    Ok(sqlx::query_scalar::<_, i64>(sql).fetch_one(conn).await? == 2)
}

impl Names {
    /// Matches the rows with a requested name; none if nothing is requested. Finds the names first if they are indexed: there
    /// are a few hundred of them, and millions of rows.
    pub fn requested(self, required: &RequiredData, indexed: bool) -> Option<Statement> {
        if !indexed {
            return self.matching(self.column, required);
        }
        let names = format!("{} IN ({} AND ", self.column, self.unique());
        Some(Statement::new(names).then(self.matching("name", required)?).text(")"))
    }

    /// Selects each name once: a search of the index for each, where DISTINCT would read every row.
    fn unique(self) -> String {
        let Names { table, column, .. } = self;
        format!(
            "SELECT name FROM (WITH RECURSIVE names (name) AS (SELECT min({column}) FROM {table} UNION ALL
               SELECT (SELECT min({column}) FROM {table} WHERE {column} > names.name) FROM names
               WHERE names.name IS NOT NULL) SELECT name FROM names) WHERE name IS NOT NULL"
        )
    }

    /// Whether `text` is requested. Compares bytes, as Rust does: SQL's LIKE ignores case, and texts end at a NUL.
    fn matching(self, text: &str, required: &RequiredData) -> Option<Statement> {
        let (text, sign) = (format!("CAST({text} AS BLOB)"), self.sign);
        let mut terms = Vec::new();
        let mut term = |sql: String, bytes: String| {
            terms.push(Statement::new("").with(&sql, [Value::Bytes(bytes.into_bytes())]));
        };
        for name in required.names.iter().chain(&required.below) {
            term(format!("{text} = ?"), name.clone());
            term(format!("substr({text}, -{}) = ?", name.len() + 1), format!("{sign}{name}"));
        }
        for name in &required.below {
            term(format!("substr({text}, 1, {}) = ?", name.len() + 1), format!("{name}{sign}"));
            if sign == '/' {
                term(format!("instr({text}, ?) > 0"), format!("/{name}/"));
            }
        }
        (!terms.is_empty()).then(|| Statement::joined("(", terms, " OR ", ")"))
    }
}
