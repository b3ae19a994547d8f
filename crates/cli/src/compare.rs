//! `clip-lab compare`.

use clap::{Args, ValueEnum};

/// Compares arms or runs.
///
/// For each metric a table: means over seeds with their 95% interval, the difference of each arm to the reference with the
/// interval over seeds and queries, and a test corrected for the number of arms.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompareArgs {
    /// A study file, the name of a study, or runs (uids, their beginnings, names); runs that share a name are one arm
    #[arg(required = true, value_name = "STUDY|RUN")]
    pub what: Vec<String>,
    /// The metric, such as `test/retrieval/t2i/hit@1`, several times for several tables; else that of the study or the goal of the runs
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// The arm that the others are compared with; else that of the study, or the first
    #[arg(long, value_name = "ARM")]
    pub reference: Option<String>,
    /// Take the metrics of the weights as trained, or of their moving average
    #[arg(long, value_enum)]
    pub weights: Option<Weights>,
    /// Print JSON
    #[arg(long, group = "format")]
    pub json: bool,
    /// Print CSV, a line for each arm and metric; remarks go to standard error
    #[arg(long, group = "format")]
    pub csv: bool,
    /// Print a table for Markdown
    #[arg(long, group = "format")]
    pub markdown: bool,
}

const EXAMPLES: &str = "Examples:
  clip-lab compare experiments/vit_vs_resnet.toml                  the arms of a study
  clip-lab compare lit clip-scratch --metric test/retrieval/t2i/hit@1
  clip-lab compare tricks --weights ema --csv > tricks.csv";

/// Which weights were evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Weights {
    /// As trained
    Raw,
    /// Their moving average
    Ema,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::Cli;

    #[test]
    fn one_format_at_a_time_and_something_to_compare() {
        let parse = |words: &[&str]| Cli::try_parse_from([&["clip-lab", "compare"], words].concat());
        assert!(
            parse(&["lit", "clip", "--csv", "--weights", "ema", "--metric", "a", "--metric", "b"]).is_ok()
        );
        let error = parse(&["lit", "--json", "--csv"]).unwrap_err().to_string();
        assert!(error.contains("cannot be used with"), "{error}");
        assert!(parse(&[]).is_err() && parse(&["lit", "--weights", "both"]).is_err());
    }
}
