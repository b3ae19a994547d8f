//! Read-only access to a store.

mod buckets;
mod candidates;
mod conditions;
mod details;
mod evaluations;
mod fetch;
mod liveness;
mod names;
mod order;
mod points;
mod probes;
mod required;
mod runs;
mod settings;
mod statement;

use std::{
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use sqlx::SqliteConnection;

use crate::{
    Axis, Bucket, Point, RunId, RunRow, SeriesRow, StoreError,
    db::{Access, Db, connect},
};

pub(crate) use details::numbers;
pub(crate) use fetch::fetch_batched;
pub(crate) use liveness::{STALLED_MS, Watch};
pub use order::natural;
pub(crate) use points::{blocks_between, points_between, value};
pub use required::RequiredData;
pub(crate) use runs::all as all_runs;

/// A read-only view of a store. It never writes, never migrates and never blocks a run.
pub struct Reader {
    pub(crate) db: Db,
    version: AtomicI64,
    watch: &'static Watch,
}

impl Reader {
    /// Opens the store at `path`.
    pub fn open(path: &Path) -> Result<Reader, StoreError> {
        let db = connect(path, Access::Read, Duration::from_secs(5))?;
        Ok(Reader { db, version: AtomicI64::new(-1), watch: Watch::shared() })
    }

    /// Whether anything was written since the last call; true at the first call. Takes microseconds.
    pub fn changed(&self) -> Result<bool, StoreError> {
        self.db.ensure_not_replaced()?;
        let version: i64 = self.db.with("checking for changes", async |conn| {
            sqlx::query_scalar("PRAGMA data_version").fetch_one(conn).await
        })?;
        Ok(self.version.swap(version, Ordering::Relaxed) != version)
    }

    /// Every run, newest first.
    pub fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.db.with("reading the runs", async |conn| runs::all(conn, self.db.dir(), self.watch).await)
    }

    /// The run with a uid, a unique uid prefix, or a name (the newest with that name).
    pub fn run(&self, selector: &str) -> Result<RunRow, StoreError> {
        runs::select(self.runs()?, selector)
    }

    /// Every metric of a run, by name.
    pub fn series(&self, run: RunId) -> Result<Vec<SeriesRow>, StoreError> {
        self.db.with("reading the metrics", async |conn| points::series(conn, run).await)
    }

    /// The newest step of every metric of a run that has points, by name.
    pub fn newest_steps(&self, run: RunId) -> Result<Vec<(String, u64)>, StoreError> {
        self.db.with("reading the metrics", async |conn| points::newest_steps(conn, run).await)
    }

    /// Every point of a metric that is not superseded, in order. For many points prefer [`Reader::buckets`].
    pub fn points(&self, run: RunId, metric: &str) -> Result<Vec<Point>, StoreError> {
        let points = self.db.with("reading points", async |conn| points::all(conn, run, metric).await)?;
        points.map_or_else(|| Err(self.no_metric(run, metric)), Ok)
    }

    /// A metric over `axis`, downsampled to at most `max_buckets` buckets (2 if `max_buckets` is 1 and the range crosses a
    /// block boundary); only points with x in `range`, if given. Boundaries are at powers of two, so that the chart of a
    /// growing run does not flicker. Omits empty buckets. Reads a few hundred rows, however long the run.
    pub fn buckets(
        &self,
        run: RunId,
        metric: &str,
        axis: Axis,
        range: Option<(f64, f64)>,
        max_buckets: usize,
    ) -> Result<Vec<Bucket>, StoreError> {
        let mut buckets = self.buckets_of(&[(run, metric)], axis, range, max_buckets)?;
        buckets.pop().flatten().map_or_else(|| Err(self.no_metric(run, metric)), Ok)
    }

    /// [`Reader::buckets`] of many series in one query, much faster than one by one. None for a metric its run does not
    /// have.
    pub fn buckets_of(
        &self,
        series: &[(RunId, &str)],
        axis: Axis,
        range: Option<(f64, f64)>,
        max_buckets: usize,
    ) -> Result<Vec<Option<Vec<Bucket>>>, StoreError> {
        let query = buckets::Query { series, axis, range, max_buckets: max_buckets.max(1) };
        self.db.with("reading buckets", async |conn| buckets::read(conn, &query).await)
    }

    fn no_metric(&self, run: RunId, metric: &str) -> StoreError {
        let names: Vec<String> = self.series(run).unwrap_or_default().into_iter().map(|s| s.name).collect();
        let hint = match names.len() {
            0 => ": it has recorded none yet".to_string(),
            _ => format!("; it has {}", names.join(", ")),
        };
        let name = self.runs().unwrap_or_default().into_iter().find(|row| row.id == run).map(|row| row.name);
        let run = name.unwrap_or_else(|| run.0.to_string());
        StoreError::NoSuchMetric { run, metric: metric.into(), hint }
    }
}

/// Whether the store has a table: readers never migrate, so an older schema may lack it.
pub(crate) async fn has(conn: &mut SqliteConnection, table: &str) -> Result<bool, sqlx::Error> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?";
    Ok(sqlx::query_scalar::<_, i64>(sql).bind(table).fetch_one(conn).await? > 0)
}
