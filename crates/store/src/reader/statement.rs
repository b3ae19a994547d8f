//! A SQL statement that is put together, with its values.

use sqlx::{AssertSqlSafe, Sqlite, query::Query, sqlite::SqliteArguments};

/// A value of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Bytes: compared as Rust compares, while SQL texts end at a NUL.
    Bytes(Vec<u8>),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
    /// A count.
    Integer(i64),
}

/// SQL, and the values of its `?`, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    /// The text. Contains no text of a user.
    pub sql: String,
    /// The values.
    pub values: Vec<Value>,
}

impl Statement {
    /// A statement without values.
    pub fn new(sql: impl Into<String>) -> Statement {
        Statement { sql: sql.into(), values: Vec::new() }
    }

    /// Adds text.
    pub fn text(mut self, sql: &str) -> Statement {
        self.sql.push_str(sql);
        self
    }

    /// Adds text with one `?` for each of `values`.
    pub fn with(mut self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        self.sql.push_str(sql);
        self.values.extend(values);
        self
    }

    /// Adds another statement.
    pub fn then(self, other: Statement) -> Statement {
        self.with(&other.sql, other.values)
    }

    /// The statements between `open` and `close`, with `between` between them.
    pub fn joined(open: &str, parts: Vec<Statement>, between: &str, close: &str) -> Statement {
        let joined = parts.into_iter().enumerate().fold(Statement::new(open), |all, (at, part)| {
            if at == 0 { all.then(part) } else { all.text(between).then(part) }
        });
        joined.text(close)
    }

    /// The statement as a query.
    pub fn query(&self) -> Query<'_, Sqlite, SqliteArguments> {
        let query = sqlx::query::<Sqlite>(AssertSqlSafe(self.sql.as_str()));
        self.values.iter().fold(query, |query, value| match value {
            Value::Bytes(bytes) => query.bind(bytes),
            Value::Real(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Integer(number) => query.bind(number),
        })
    }
}
