//! Reads runs of other tools: TensorBoard event files, open_clip log folders, offline runs of Weights & Biases, CSV.
//!
//! [`find`] recognises what a path holds, [`read`] reads it into [`ImportedRun`]s, whose [`Points`] are rows in the order of
//! their steps. Nothing here knows the store. Files are untrusted: no length in them reserves memory, and a file that ends
//! in the middle gives what is complete, with a warning.

mod csv_file;
mod error;
mod find;
mod json;
mod left_out;
mod open_clip;
mod points;
mod proto;
mod run;
mod tensorboard;
mod wandb;

pub use error::ImportError;
pub use find::{Found, Kind, find};
pub use left_out::LeftOut;
pub use points::{Points, Row};
pub use run::{Direction, Identity, ImportedRun, Outcome, Setting};

/// The columns of a CSV file; none is recognised by name.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The step.
    pub step: Option<String>,
    /// The wall time: seconds or milliseconds since 1970.
    pub time: Option<String>,
    /// The run that a row belongs to.
    pub run: Option<String>,
}

/// Reads the runs of one path: one, or one for each value of a CSV file's run column.
///
/// # Errors
/// If a file cannot be read, or is not what it appeared to be.
pub fn read(found: &Found, columns: &Columns) -> Result<Vec<ImportedRun>, ImportError> {
    match found.kind {
        Kind::TensorBoard => tensorboard::read(found).map(|run| vec![run]),
        Kind::OpenClip => open_clip::read(found).map(|run| vec![run]),
        Kind::Wandb => wandb::read(found).map(|run| vec![run]),
        Kind::Csv => csv_file::read(found, columns),
    }
}
