//! `clip-lab runs`.

use clap::{Args, Subcommand};

/// What to do with runs. RUN is a uid, its beginning, or a name (then the newest of that name).
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum RunsVerb {
    /// All runs, the newest first
    #[command(after_help = FILTERS)]
    List(ListArgs),
    /// One run: how it stands, what it measured, what happened
    Show {
        /// The run
        run: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// The metrics of a run
    Metrics {
        /// The run
        run: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// The settings in which two runs differ
    Diff {
        /// One run
        a: String,
        /// The other
        b: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add tags to a run
    Tag {
        /// The run
        run: String,
        /// The tags
        #[arg(required = true)]
        tags: Vec<String>,
        /// Take them off instead
        #[arg(long)]
        remove: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a remark on a run
    Note {
        /// The run
        run: String,
        /// The remark
        text: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete runs with everything recorded of them and their checkpoints
    Delete {
        /// The runs
        #[arg(required = true)]
        runs: Vec<String>,
        /// Yes, delete them
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Which runs are listed, what of them, and in which order.
#[derive(Debug, Clone, Default, Args)]
pub struct ListArgs {
    /// Only some of them: words of names, `study:x`, `optimizer.lr<1e-4`, `hit@1>0.2`, `status:live`, `tag:x`; AND by
    /// space, OR or `|`, NOT or `-`, parentheses
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// What to show: `name`, `uid`, `status`, `step`, `best` (of the metric that a run is judged by), `goal` (that metric),
    /// `tags`, `time`, `study`, `epoch`, `rate`, `seed`, `reason`, `started`, `ended`, or any field, setting or metric as
    /// filters name it (`optimizer.lr`, `hit@1`, `best(val/loss)`); `+` before the first adds to what is usual
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Sort by a column, the smallest first; `-NAME` the largest first. What lacks it comes last
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  clip-lab runs list --filter 'study:tricks status:finished'
  clip-lab runs show lit                                           the newest run called lit
  clip-lab runs metrics lit --json | jq '.metrics[] | select(.name == \"train/loss\")'
  clip-lab runs diff lit clip-scratch                              the settings in which they differ
  clip-lab runs tag lit paper && clip-lab runs note lit \"rate too small\"
  clip-lab runs delete 01JD --yes                                  by the beginning of its uid";

const FILTERS: &str = "Examples:
  clip-lab runs list --filter 'study:tricks hit@1>0.2'
  clip-lab runs list --filter 'status:live OR tag:paper'
  clip-lab runs list --filter 'optimizer.lr<1e-4 -status:failed' --json
  clip-lab runs list --columns name,optimizer.lr,run.batch,best --sort=-best
  clip-lab runs list --columns +optimizer.lr,started --sort study";
