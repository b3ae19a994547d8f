//! The experiment store: SQLite schema, recorder and queries. Nothing else in the project contains SQL.
//!
//! A run records through a [`Recorder`]: calls return at once, one thread writes, and a failing store never stops
//! training. Everything else reads through a [`Reader`], which cannot write, or edits through a [`Store`].
//!
//! ```
//! use clip_lab_store::{Axis, NewRun, Reader, Recorder, Status, Tick, new_uid};
//! # let folder = tempfile::tempdir().unwrap();
//! # let store = folder.path().join("clip-lab.db");
//! let run = NewRun { uid: new_uid(), name: "lit".into(), seed: 1, ..NewRun::default() };
//! let recorder = Recorder::start(&store, run)?;
//! for step in 1..=100 {
//!     let at = Tick { step, epoch: step as f64 / 50.0, samples: step * 64 };
//!     recorder.log(at, &[("train/loss", 1.0 / step as f64)]);
//! }
//! recorder.finish(Status::Finished, None);
//!
//! let reader = Reader::open(&store)?;
//! let run = reader.run("lit")?;
//! assert_eq!(reader.series(run.id)?[0].last, Some(0.01));
//! let buckets = reader.buckets(run.id, "train/loss", Axis::Epoch, None, 30)?;
//! assert!(buckets.len() <= 30 && buckets[0].max == 1.0);
//! # Ok::<(), clip_lab_store::StoreError>(())
//! ```

mod clock;
mod db;
mod error;
mod folder;
mod reader;
mod recorder;
mod rollup;
mod store;
mod transfer;
mod types;

pub use clock::{derived_uid, new_uid, now_ms};
pub use db::{Host, Observer, Wait, migrate, recorder_ended};
pub use error::StoreError;
pub use folder::{is_uid, run_folder, store_dir};
pub use reader::{Reader, RequiredData, natural};
pub use recorder::{FlushPolicy, Recorder};
pub use store::{Health, Import, Store, health};
pub use transfer::*;
pub use types::*;
