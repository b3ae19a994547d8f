//! `clip-lab run`, of specs and of studies.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use crate::Images;

/// The interface of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ui {
    /// The dashboard; training continues in the background when it is closed
    Dashboard,
    /// Progress lines
    Plain,
    /// Progress as JSON, one object per line
    Json,
    /// Nothing
    None,
}

/// `clip-lab run`.
#[derive(Debug, Args)]
#[command(after_help = RUN)]
pub struct RunArgs {
    /// A spec, such as experiments/lit.toml, or a study
    #[arg(value_name = "SPEC|STUDY")]
    pub spec: PathBuf,
    /// Override a setting of the spec: `--set run.seed=1`, `--set trick.0.max_norm=0.5`; an empty value removes it,
    /// `--set run.epochs=`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Resume a stopped run from its last checkpoint: a uid, a uid prefix or a name
    #[arg(long, value_name = "RUN")]
    pub resume: Option<String>,
    /// The name of the run (default: of the spec)
    #[arg(long)]
    pub name: Option<String>,
    /// The interface (default: dashboard on a terminal, else plain)
    #[arg(long, value_enum)]
    pub ui: Option<Ui>,
    /// Same as `--ui json`; for a study, print its final table as JSON
    #[arg(long, conflicts_with = "ui")]
    pub json: bool,
    /// How the dashboard draws images
    #[arg(long, value_enum, default_value_t)]
    pub images: Images,
    /// Overfit one batch for N steps (default: 50) and report whether the loss falls as expected; nothing is recorded
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "50", require_equals = true,
          conflicts_with_all = ["resume", "name"])]
    pub overfit: Option<NonZeroU64>,
    /// Train on N processes of this machine: the batch is divided among them, and the losses stay the same
    #[arg(long, value_name = "N", conflicts_with = "overfit")]
    pub nproc: Option<NonZeroUsize>,
    /// Seconds that a process waits for the others before the run fails
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    pub timeout: NonZeroU64,
    /// Options of studies
    #[command(flatten)]
    pub study: StudyArgs,
    /// The uid of the run, chosen by the parent process
    #[arg(long, hide = true)]
    pub uid: Option<String>,
    /// The study to record the run under
    #[arg(long = "study", hide = true)]
    pub of_study: Option<String>,
    /// The arm of that study
    #[arg(long, hide = true)]
    pub arm: Option<String>,
    /// The number of compute and loader threads, if the spec does not set them; not part of the spec
    #[arg(long, hide = true)]
    pub share: Option<usize>,
}

impl RunArgs {
    /// The interface that the flags select, if any.
    pub fn ui(&self) -> Option<Ui> {
        if self.json { Some(Ui::Json) } else { self.ui }
    }
}

/// What starts the runs of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Launcher {
    /// An array job of SLURM, with an element for each missing run
    Slurm,
}

/// The flags of `clip-lab run` for studies.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Studies")]
pub struct StudyArgs {
    /// Number of concurrent runs; those of one machine share its cores equally
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Run only this arm; may be repeated
    #[arg(long, value_name = "ARM")]
    pub only: Vec<String>,
    /// Run only these seeds, separated by commas; with one --only and one seed, a single run
    #[arg(long, value_name = "SEED", value_delimiter = ',')]
    pub seeds: Vec<u64>,
    /// Submit the missing runs to a cluster, and print the state of every run
    #[arg(long, value_enum, value_name = "LAUNCHER")]
    pub launcher: Option<Launcher>,
    /// Options of `sbatch`, quoted as in a shell: '--partition=gpu --gpus=1 --time=4:00:00'
    #[arg(long, value_name = "OPTIONS", requires = "launcher", allow_hyphen_values = true)]
    pub sbatch: Option<String>,
    /// Print what would run, without running it
    #[arg(long)]
    pub dry_run: bool,
    /// Keep finished runs whose spec, code or data has changed since, with a note on each. With --resume: resume such a
    /// run and record the changes as an event
    #[arg(long, conflicts_with = "fresh")]
    pub allow_changed: bool,
    /// Run everything again; earlier runs are tagged `superseded` and no longer compared
    #[arg(long)]
    pub fresh: bool,
}

impl StudyArgs {
    /// The first flag set that only studies accept.
    pub fn first_set_flag(&self, resumes: bool) -> Option<&'static str> {
        let flags = [
            (self.jobs.is_some(), "--jobs"),
            (!self.only.is_empty(), "--only"),
            (!self.seeds.is_empty(), "--seeds"),
            (self.launcher.is_some(), "--launcher"),
            (self.dry_run, "--dry-run"),
            (self.allow_changed && !resumes, "--allow-changed"),
            (self.fresh, "--fresh"),
        ];
        flags.into_iter().find(|(given, _)| *given).map(|(_, flag)| flag)
    }
}

/// `clip-lab fingerprint`.
#[derive(Debug, Args)]
pub struct FingerprintArgs {
    /// The study
    pub study: PathBuf,
    /// Override a setting of every arm, as `run` does
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

const RUN: &str = "Examples:
  clip-lab run experiments/lit.toml --set run.seed=1 --set trick.0.max_norm=0.5
  clip-lab run experiments/lit.toml --resume lit                   resume the newest run named lit
  clip-lab run experiments/lit.toml --overfit                      overfit one batch
  clip-lab run experiments/lit.toml --json > progress.jsonl        one JSON object per line
  clip-lab run experiments/tricks.toml --jobs 2 --only baseline    one arm, two runs at once
  clip-lab run experiments/tricks.toml --only baseline --seeds 0   one run, for a job of a cluster
  clip-lab run experiments/tricks.toml --launcher slurm --sbatch '--partition=gpu --time=4:00:00'
  clip-lab run experiments/tricks.toml --dry-run                   print what would run";
