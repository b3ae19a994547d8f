//! The running summary of a series, stored in its row of `metric`.

use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

/// A row of `metric`.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub id: i64,
    pub name: String,
    n: i64,
    n_nan: i64,
    n_inf: i64,
    first_bad_step: Option<i64>,
    last: Option<f64>,
    last_step: Option<i64>,
    min: Option<f64>,
    min_step: Option<i64>,
    max: Option<f64>,
    max_step: Option<i64>,
    /// The tick of its latest point: a metric has one value per log call.
    pub last_tick: Option<i64>,
    /// Whether the row must be saved.
    pub changed: bool,
}

// By hand, as the macros of sqlx compile sqlx and SQLite a second time, for the compiler.
impl<'r> FromRow<'r, SqliteRow> for Summary {
    fn from_row(row: &'r SqliteRow) -> Result<Summary, sqlx::Error> {
        Ok(Summary {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            n: row.try_get("n")?,
            n_nan: row.try_get("n_nan")?,
            n_inf: row.try_get("n_inf")?,
            first_bad_step: row.try_get("first_bad_step")?,
            last: row.try_get("last")?,
            last_step: row.try_get("last_step")?,
            min: row.try_get("min")?,
            min_step: row.try_get("min_step")?,
            max: row.try_get("max")?,
            max_step: row.try_get("max_step")?,
            last_tick: None,
            changed: false,
        })
    }
}

impl Summary {
    /// A series without points.
    pub fn new(id: i64, name: &str) -> Summary {
        Summary { id, name: name.into(), ..Summary::default() }
    }

    /// Adds a value.
    pub fn add(&mut self, tick: i64, step: i64, value: f64) {
        self.n += 1;
        self.last_tick = Some(tick);
        self.changed = true;
        if !value.is_finite() {
            self.n_nan += i64::from(value.is_nan());
            self.n_inf += i64::from(value.is_infinite());
            self.first_bad_step.get_or_insert(step);
            return;
        }
        (self.last, self.last_step) = (Some(value), Some(step));
        if self.min.is_none_or(|min| value < min) {
            (self.min, self.min_step) = (Some(value), Some(step));
        }
        if self.max.is_none_or(|max| value > max) {
            (self.max, self.max_step) = (Some(value), Some(step));
        }
    }

    /// Writes the row.
    pub async fn save(&mut self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let sql =
            "UPDATE metric SET n = ?, n_nan = ?, n_inf = ?, first_bad_step = ?, last = ?, last_step = ?,
                   min = ?, min_step = ?, max = ?, max_step = ? WHERE id = ?";
        let query = sqlx::query(sql).bind(self.n).bind(self.n_nan).bind(self.n_inf).bind(self.first_bad_step);
        let query = query.bind(self.last).bind(self.last_step).bind(self.min).bind(self.min_step);
        query.bind(self.max).bind(self.max_step).bind(self.id).execute(conn).await?;
        self.changed = false;
        Ok(())
    }
}

/// Recomputes the summaries after a resume has superseded points.
pub async fn recount(conn: &mut SqliteConnection, run: i64) -> Result<(), sqlx::Error> {
    let sql = "
        WITH live AS (SELECT p.series, t.tick, t.step, p.value, p.flag FROM tick t, metric m, point p
                      WHERE t.run = ?1 AND m.run = ?1 AND p.series = m.id AND p.tick = t.tick
                        AND t.superseded_by IS NULL),
             total AS (SELECT series, count(*) n, sum(flag = 1) n_nan, sum(flag > 1) n_inf,
                              min(iif(flag > 0, step, NULL)) bad FROM live GROUP BY series),
             low AS (SELECT series, min(value) v, step FROM live WHERE flag = 0 GROUP BY series),
             high AS (SELECT series, max(value) v, step FROM live WHERE flag = 0 GROUP BY series),
             latest AS (SELECT series, max(tick), value v, step FROM live WHERE flag = 0 GROUP BY series)
        UPDATE metric SET n = coalesce(s.n, 0), n_nan = coalesce(s.n_nan, 0), n_inf = coalesce(s.n_inf, 0),
               first_bad_step = s.bad, last = s.last, last_step = s.last_step,
               min = s.min, min_step = s.min_step, max = s.max, max_step = s.max_step
        FROM (SELECT m.id, total.n, total.n_nan, total.n_inf, total.bad, latest.v last, latest.step last_step, low.v min,
                     low.step min_step, high.v max, high.step max_step
              FROM metric m LEFT JOIN total ON total.series = m.id LEFT JOIN latest ON latest.series = m.id
              LEFT JOIN low ON low.series = m.id LEFT JOIN high ON high.series = m.id WHERE m.run = ?1) s
        WHERE metric.id = s.id";
    sqlx::query(sql).bind(run).execute(conn).await.map(|_| ())
}
