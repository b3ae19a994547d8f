//! `clip-lab check`.

use std::path::PathBuf;

use clap::Args;

/// `clip-lab check`.
///
/// Reads specs and studies as `run` does and tells every mistake with its line. Of one spec it also tells what a run will
/// cost (parameters, operations, memory, length) and what looks like a mistake. Nothing is trained or recorded, and no code
/// is run that a file brings: one that names some is wrong without --trust-code. It ends with 3 when anything is wrong.
#[derive(Debug, Args)]
#[command(after_help = CHECK)]
pub struct CheckArgs {
    /// The specs and studies
    #[arg(required = true, value_name = "SPEC|STUDY")]
    pub specs: Vec<PathBuf>,
    /// Change a setting first, as `run` does
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Tell what each run will cost and what looks like a mistake; done without asking when one spec is given
    #[arg(long)]
    pub cost: bool,
    /// Only find faults: quicker, for the model is not built
    #[arg(long, conflicts_with = "cost")]
    pub no_cost: bool,
    /// The spec is about to be run, which makes it the user's own word that its code is opened
    #[arg(long, hide = true)]
    pub before_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const CHECK: &str = "Examples:
  clip-lab check experiments/*.toml
  clip-lab check experiments/lit.toml --set run.batch=512          what that would cost
  clip-lab check experiments/lit.toml --json | jq .specs[0].cost.updates";
