//! `clip-lab runs`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};

pub use import::ImportArgs;

mod import;

/// `clip-lab runs`. RUN is a uid, a uid prefix, or a name (the newest run of that name).
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum RunsCommand {
    /// List runs, newest first
    #[command(after_help = FILTERS)]
    List(ListArgs),
    /// Show a run: status, settings, metrics, evaluations, events and files
    Show {
        /// The run
        run: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the metrics of a run
    Metrics {
        /// The run
        run: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the settings in which two runs differ
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
        /// Remove the tags instead
        #[arg(long)]
        remove: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a note to a run
    Note {
        /// The run
        run: String,
        /// The note
        text: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy runs with their files to another store
    ///
    /// Copies only what the other store lacks; an interrupted copy continues where it ended. Tags, notes, events and
    /// evaluations of both stores are merged. A run that another process records there is skipped.
    #[command(after_help = TRANSFERS)]
    Push(TransferArgs),
    /// Copy runs with their files from another store
    ///
    /// As `runs push`, in the other direction.
    #[command(after_help = TRANSFERS)]
    Pull(TransferArgs),
    /// Import runs of other tools: TensorBoard, open_clip, Weights & Biases, CSV
    ///
    /// A folder is searched for event files, open_clip log folders and W&B run folders. Points keep their names, steps and
    /// times; settings become settings. Importing again adds only what is new.
    Import(ImportArgs),
    /// Delete runs, with their records and checkpoints
    Delete {
        /// The runs
        #[arg(required = true)]
        runs: Vec<String>,
        /// Confirm the deletion
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Serve a store to `runs push` and `runs pull` of another machine, on standard input and output
    #[command(hide = true)]
    ServeStore {
        /// The store
        path: PathBuf,
    },
}

/// `clip-lab runs push` and `clip-lab runs pull`.
#[derive(Debug, Clone, Args)]
pub struct TransferArgs {
    /// The other store: a file, or `ssh://[USER@]HOST[:PORT]/PATH` through the ssh client (`/~/PATH` is in the home
    /// folder there)
    #[arg(value_name = "STORE")]
    pub other: String,
    /// Copy only matching runs, as in `runs list --filter`; several filters must all match
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Copy no files
    #[arg(long)]
    pub no_files: bool,
    /// Which checkpoints to copy
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub checkpoints: TransferCheckpoints,
    /// Compare the content of files of the same size and modification time
    #[arg(long)]
    pub checksum: bool,
    /// List what would be copied
    #[arg(long)]
    pub dry_run: bool,
    /// The program on the other machine
    #[arg(long, value_name = "PROGRAM", default_value = "clip-lab")]
    pub remote_program: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The checkpoints that are copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TransferCheckpoints {
    /// All
    #[default]
    All,
    /// `last.safetensors`, from which a run resumes
    Last,
    /// `best.safetensors` and `best_ema.safetensors`
    Best,
    /// None
    None,
}

/// `clip-lab runs list`.
#[derive(Debug, Clone, Default, Args)]
pub struct ListArgs {
    /// Show only matching runs: parts of names, `study:x`, `optimizer.lr<1e-4`, `hit@1>0.2`, `status:live`, `tag:x`;
    /// terms are combined by a space (AND), `|` or OR, `-` or NOT, and parentheses
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// Columns to show: `name`, `uid`, `status`, `step`, `goal` (the goal metric), `best` (its best value), `tags`,
    /// `time`, `study`, `epoch`, `rate`, `seed`, `reason`, `started`, `ended`, or any field, setting or metric as in
    /// filters (`optimizer.lr`, `hit@1`, `best(val/loss)`); a leading `+` adds to the default columns
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Sort by a column, ascending; `-NAME` sorts descending. Runs without a value come last
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Show at most N runs: the newest, or the first of the order that `--sort` names
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroUsize>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  clip-lab runs list --filter 'study:tricks status:finished'
  clip-lab runs show lit                                           the newest run named lit
  clip-lab runs metrics lit --json | jq '.metrics[] | select(.name == \"train/loss\")'
  clip-lab runs diff lit clip-scratch                              the settings in which they differ
  clip-lab runs tag lit paper && clip-lab runs note lit \"rate too small\"
  clip-lab runs push ssh://gpu1/data/runs/clip-lab.db study:tricks   to another machine
  clip-lab runs import logs/ wandb/ --tag theirs                   TensorBoard, open_clip, W&B
  clip-lab runs delete 01JD --yes                                  by uid prefix";

const TRANSFERS: &str = "Examples:
  clip-lab runs push /mnt/shared/runs/clip-lab.db
  clip-lab runs push ssh://me@gpu1/data/runs/clip-lab.db 'study:tricks status:finished'
  clip-lab runs pull ssh://gpu1/~/project/runs/clip-lab.db --checkpoints best
  clip-lab runs pull backup.db tag:paper --dry-run";

const FILTERS: &str = "Examples:
  clip-lab runs list --filter 'study:tricks hit@1>0.2'
  clip-lab runs list --filter 'status:live OR tag:paper'
  clip-lab runs list --filter 'optimizer.lr<1e-4 -status:failed' --json
  clip-lab runs list --columns name,optimizer.lr,run.batch,best --sort=-best
  clip-lab runs list --columns +optimizer.lr,started --sort study";
