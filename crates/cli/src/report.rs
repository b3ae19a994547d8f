//! `clip-lab report`.

use std::path::PathBuf;

use clap::Args;

use crate::{CompareArgs, Weights};

/// Writes a report.
///
/// A folder that can be sent: a page that needs no network, the same in Markdown with figures, the data as CSV and JSON, the
/// specs, and a script that repeats it.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    /// A study file, the name of a study, or runs (uids, their beginnings, names); runs that share a name are one arm
    #[arg(required = true, value_name = "STUDY|RUN")]
    pub what: Vec<String>,
    /// The folder to write: report.html, report.md with figures/, data/, specs/ and reproduce.sh
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The metric, such as `test/retrieval/t2i/hit@1`; several times for several tables, the answer is by the first
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// The arm that the others are compared with; else that of the study, or the first
    #[arg(long, value_name = "ARM")]
    pub reference: Option<String>,
    /// Take the metrics of the weights as trained, or of their moving average
    #[arg(long, value_enum)]
    pub weights: Option<Weights>,
    /// Print the report as JSON too
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  clip-lab report experiments/tricks.toml --out report             then open report/report.html
  clip-lab report lit clip-scratch --metric test/retrieval/t2i/hit@1 --out report";

impl ReportArgs {
    /// The comparison that the report is about.
    pub fn comparison(&self) -> CompareArgs {
        CompareArgs {
            what: self.what.clone(),
            metric: self.metric.clone(),
            reference: self.reference.clone(),
            weights: self.weights,
            ..CompareArgs::default()
        }
    }
}
