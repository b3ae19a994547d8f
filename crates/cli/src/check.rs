//! `clip-lab check`.

use std::path::PathBuf;

use clap::Args;

/// `clip-lab check`.
#[derive(Debug, Args)]
#[command(after_help = CHECK)]
pub struct CheckArgs {
    /// Specs and studies
    #[arg(required = true, value_name = "SPEC|STUDY")]
    pub specs: Vec<PathBuf>,
    /// Override a setting, as `run` does
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print the cost and the likely problems of each spec; the default for a single spec
    #[arg(long)]
    pub cost: bool,
    /// Check only, without building the model: faster
    #[arg(long, conflicts_with = "cost")]
    pub no_cost: bool,
    /// The user is about to run the spec, which permits opening the code that it names
    #[arg(long, hide = true)]
    pub before_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const CHECK: &str = "Examples:
  clip-lab check experiments/*.toml
  clip-lab check experiments/lit.toml --set run.batch=512          the cost with another batch size
  clip-lab check experiments/lit.toml --json | jq .specs[0].cost.updates";
