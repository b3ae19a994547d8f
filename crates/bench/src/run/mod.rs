//! Runs ours and the rivals, and reads their numbers.

mod busy;
mod cargo;
mod data;
mod example;
mod points;
mod process;
mod python;
mod train;

use std::fmt;

use crate::lab::Lab;

pub use busy::beside_busy_loops;
pub use example::{Pick, example};
pub use process::{output, seconds};
pub use python::{python, python_numbers};
pub use train::{Train, checkpoint, features, train, train_losses};

/// What is run for one number.
#[derive(Clone, Copy, Debug)]
pub enum Job {
    Run(fn(&Lab) -> Result<Sample, Failure>),
    /// A number that the program of ours has printed too, in the same run.
    SameOutput(&'static [Pick]),
}

/// One measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    pub value: f64,
    /// What was printed, for [`Job::SameOutput`].
    pub output: String,
}

impl From<f64> for Sample {
    fn from(value: f64) -> Self {
        Self { value, output: String::new() }
    }
}

/// Why there is no number.
#[derive(Debug)]
pub enum Failure {
    /// Something optional is not installed.
    Skipped(String),
    /// Ctrl-C.
    Stopped,
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped(reason) => write!(f, "skipped: {reason}"),
            Self::Stopped => f.write_str("stopped"),
            Self::Failed(error) => write!(f, "failed: {error:#}"),
        }
    }
}

impl Job {
    /// Runs it; `ours` is the output of ours in the same round.
    pub fn run(self, lab: &Lab, ours: &str) -> Result<Sample, Failure> {
        match self {
            Self::Run(run) => run(lab),
            Self::SameOutput(picks) => Ok(Pick::sum(picks, ours)?.into()),
        }
    }
}
