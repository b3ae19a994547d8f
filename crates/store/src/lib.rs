//! The experiment store: SQLite schema, recorder and queries.
//!
//! Signatures (all synchronous; every failure is a [`StoreError`]):
//!
//! ```text
//! new_uid() -> String                                   now_ms() -> i64
//!
//! Recorder::start(store: &Path, run: NewRun) -> Result<Recorder>
//! Recorder::resume(store: &Path, uid: &str, from_step: u64) -> Result<Recorder>
//!   .log(at: Tick, points: &[(&str, f64)])              .rank(RankSet)
//!   .event(Level, kind: &str, step: Option<u64>, text: &str)
//!   .artifact(NewArtifact)                              .describe_metric(name, unit, Goal)
//!   .requests() -> Vec<Request>                         .fault() -> Option<String>
//!   .dropped() -> u64                                   .flush()
//!   .finish(self, Status, reason: Option<&str>)         .uid() -> &str
//!
//! Reader::open(path: &Path) -> Result<Reader>
//!   .runs() -> Result<Vec<RunRow>>                      .run(selector: &str) -> Result<RunRow>
//!   .series(RunId) -> Result<Vec<SeriesRow>>            .points(RunId, metric) -> Result<Vec<Point>>
//!   .buckets(RunId, metric, Axis, Option<(f64, f64)>, max_buckets: usize) -> Result<Vec<Bucket>>
//!   .config(RunId) -> Result<Vec<ConfigEntry>>          .environment(RunId) -> Result<Environment>
//!   .spec_text(RunId) -> Result<String>                 .events(RunId, after_id: i64) -> Result<Vec<EventRow>>
//!   .ranks(RunId) -> Result<Vec<RankSet>>               .artifacts(RunId) -> Result<Vec<ArtifactRow>>
//!   .tags(RunId) -> Result<Vec<String>>                 .notes(RunId) -> Result<Vec<NoteRow>>
//!   .changed() -> Result<bool>
//!
//! Store::open(path: &Path) -> Result<Store>
//!   .notice() -> Option<&str>                           .reader() -> Result<Reader>
//!   .queue(&NewRun) -> Result<()>                       .mark_failed_start(uid, name, dir: &Path, reason) -> Result<()>
//!   .tag(RunId, &str)  .untag(RunId, &str)  .note(RunId, &str)  .delete(RunId)  .request(RunId, Request)  -> Result<()>
//! ```

mod error;
mod types;

pub use error::StoreError;
pub use types::*;
