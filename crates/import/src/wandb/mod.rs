//! Offline and synced run folders of Weights & Biases.
//!
//! The folder's `files/config.yaml` is not read: it is written from the records of the log, which has all of it.

mod history;
mod items;
mod log;
mod record;

use std::io::BufReader;

use clip_lab_files::open_regular;

use crate::{Found, Identity, ImportError, ImportedRun, Kind, Outcome, run::modified_ms};
use record::Reader;

pub use log::is_log;

/// Reads the log of a run.
pub fn read(found: &Found) -> Result<ImportedRun, ImportError> {
    let at = ImportError::read(&found.path);
    let mut file = BufReader::with_capacity(1 << 18, open_regular(&found.path).map_err(&at)?);
    let mut run = ImportedRun::new(Kind::Wandb, &found.name);
    let started_ms = modified_ms(&found.path);
    let mut reader = Reader::new(&mut run);
    let mut ended = None;
    let problems = log::read(&mut file, |bytes| ended = reader.record(bytes).or(ended)).map_err(&at)?;
    let settings = reader.finish();
    run.settings = settings.into_iter().collect();
    if run.identity.ms == 0 && run.identity.digest == [0; 16] {
        return Err(ImportError::invalid(&found.path, "has no record of a run yet"));
    }
    run.started_ms = if run.identity.ms > 0 { run.identity.ms } else { started_ms };
    run.outcome = match ended {
        Some(0) => Outcome::Finished,
        Some(code) => Outcome::Failed(format!("exit code {code}")),
        None => Outcome::Unfinished("the log has no end: the run still wrote, or was killed".into()),
    };
    run.left_out.add_many("corrupt record", problems.corrupt);
    if problems.truncated {
        run.warnings.push(format!("{} ends in the middle of a record", found.path.display()));
    }
    let ImportedRun { points, left_out, .. } = &mut run;
    points.finish(left_out);
    Ok(run)
}

/// The identity of a run: its id and start. A run resumed offline counts its steps from 0, so it is another one.
fn identity(project: &str, id: &str, ms: i64) -> Identity {
    Identity::new(Kind::Wandb, ms, &[project.as_bytes(), id.as_bytes(), &ms.to_le_bytes()])
}
