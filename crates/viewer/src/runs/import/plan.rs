//! What of a run is new.

use std::{collections::HashMap, convert::Infallible};

use anyhow::Result;
use clip_lab_import::{ImportedRun, Outcome, Row};
use clip_lab_store::{Reader, RunRow, Status, StoreError, derived_uid};

/// What an import does with a run.
pub struct Plan {
    /// The uid of the run in the store.
    pub uid: String,
    /// The run, if it was imported before.
    pub existing: Option<RunRow>,
    /// The newest stored step of each metric.
    pub newest: HashMap<String, u64>,
    /// The number of points to add.
    pub new_points: u64,
    /// The status to store.
    pub status: Status,
    /// The reason of the status.
    pub reason: Option<String>,
}

impl Plan {
    /// Compares a run with what the store has of it.
    pub fn new(run: &ImportedRun, reader: Option<&Reader>) -> Result<Plan> {
        let uid = derived_uid(run.identity.ms, run.identity.digest);
        let existing = reader.map(|reader| stored(reader, &uid)).transpose()?.flatten();
        let newest = match (reader, &existing) {
            (Some(reader), Some(row)) => reader.newest_steps(row.id)?.into_iter().collect(),
            _ => HashMap::new(),
        };
        let mut new_points = 0;
        let count = |row: Row<'_>| {
            new_points += row.values.len() as u64;
            Ok::<(), Infallible>(())
        };
        let Ok(()) = run.points.rows(|metric| newest.get(metric).copied(), 0.0, count);
        let (status, reason) = status(&run.outcome);
        Ok(Plan { uid, existing, newest, new_points, status, reason })
    }

    /// Whether the store has everything.
    pub fn is_done(&self) -> bool {
        let same = |row: &RunRow| row.status == self.status && row.reason == self.reason;
        self.new_points == 0 && self.existing.as_ref().is_some_and(same)
    }
}

fn stored(reader: &Reader, uid: &str) -> Result<Option<RunRow>> {
    match reader.run(uid) {
        Ok(row) => Ok(Some(row).filter(|row| row.uid == uid)),
        Err(StoreError::NoSuchRun { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn status(outcome: &Outcome) -> (Status, Option<String>) {
    match outcome {
        Outcome::Finished => (Status::Finished, None),
        Outcome::Failed(reason) => (Status::Failed, Some(reason.clone())),
        Outcome::Unfinished(reason) => (Status::Interrupted, Some(reason.clone())),
    }
}
