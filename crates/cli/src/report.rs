//! `clip-lab report`.

use std::path::PathBuf;

use clap::Args;

use crate::{CompareArgs, Weights};

/// `clip-lab report`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    /// A study file, the name of a study, or runs (uids, uid prefixes or names); runs of the same name form one arm
    #[arg(required = true, value_name = "STUDY|RUN")]
    pub what: Vec<String>,
    /// The output folder: report.html, report.md with figures/, data/, specs/ and reproduce.sh
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The metric, such as `test/retrieval/t2i/hit@1`; repeat for more tables. The first one decides the answer
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// The arm to compare the others with (default: of the study, or the first)
    #[arg(long, value_name = "ARM")]
    pub reference: Option<String>,
    /// Use the metrics of the trained weights or of their moving average
    #[arg(long, value_enum)]
    pub weights: Option<Weights>,
    /// Also print the report as JSON
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  clip-lab report experiments/tricks.toml --out report             open report/report.html
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
