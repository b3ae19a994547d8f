//! `clip-lab compare`.

use clap::{Args, ValueEnum};

/// `clip-lab compare`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompareArgs {
    /// A study file, the name of a study, or runs (uids, uid prefixes or names); runs of the same name form one arm
    #[arg(required = true, value_name = "STUDY|RUN")]
    pub what: Vec<String>,
    /// The metric, such as `test/retrieval/t2i/hit@1`; repeat for more tables (default: of the study, or the goal of
    /// the runs)
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// The arm to compare the others with (default: of the study, or the first)
    #[arg(long, value_name = "ARM")]
    pub reference: Option<String>,
    /// Use the metrics of the trained weights or of their moving average
    #[arg(long, value_enum)]
    pub weights: Option<Weights>,
    /// Print JSON
    #[arg(long, group = "format")]
    pub json: bool,
    /// Print CSV, a row for each arm and metric; notes go to standard error
    #[arg(long, group = "format")]
    pub csv: bool,
    /// Print Markdown
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
    /// The trained weights
    Raw,
    /// Their exponential moving average
    Ema,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::Cli;

    #[test]
    fn one_format_at_a_time_and_something_to_compare() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["clip-lab", "compare"], args].concat());
        assert!(
            parse(&["lit", "clip", "--csv", "--weights", "ema", "--metric", "a", "--metric", "b"]).is_ok()
        );
        let error = parse(&["lit", "--json", "--csv"]).unwrap_err().to_string();
        assert!(error.contains("cannot be used with"), "{error}");
        assert!(parse(&[]).is_err() && parse(&["lit", "--weights", "both"]).is_err());
    }
}
