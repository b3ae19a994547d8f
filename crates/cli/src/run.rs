//! `clip-lab run`, of specs and of studies.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use crate::Images;

/// How a run shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ui {
    /// The dashboard; the trainer runs behind it and outlives it
    Dashboard,
    /// Lines of progress
    Plain,
    /// Lines of progress as JSON
    Json,
    /// Nothing
    None,
}

/// `clip-lab run`.
///
/// Trains what SPEC describes, evaluates it and records everything. On a terminal the dashboard shows it, and leaving that
/// asks whether the run goes on; elsewhere lines are printed. Ctrl-C saves a checkpoint first. A study runs every arm with
/// every seed that has no result yet, and resumes what was interrupted.
#[derive(Debug, Args)]
#[command(after_help = RUN)]
pub struct RunArgs {
    /// The spec, such as experiments/lit.toml, or a study of several
    #[arg(value_name = "SPEC|STUDY")]
    pub spec: PathBuf,
    /// Change a setting before anything is read: `--set run.seed=1`, `--set trick.0.max_norm=0.5`; no value takes it out,
    /// `--set run.epochs=`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Go on with a run that was stopped, from its last checkpoint: a uid, its beginning, or a name
    #[arg(long, value_name = "RUN")]
    pub resume: Option<String>,
    /// Call the run this instead of the spec's name
    #[arg(long)]
    pub name: Option<String>,
    /// How to show it; the dashboard on a terminal, plain lines elsewhere
    #[arg(long, value_enum)]
    pub ui: Option<Ui>,
    /// Print JSON, an object a line: the same as `--ui json`; of a study, its table at the end
    #[arg(long, conflicts_with = "ui")]
    pub json: bool,
    /// How the dashboard shows pictures
    #[arg(long, value_enum, default_value_t)]
    pub images: Images,
    /// Train on one batch only, for N steps, record nothing, and say whether the loss falls as it must
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "50", require_equals = true,
          conflicts_with_all = ["resume", "name"])]
    pub overfit: Option<NonZeroU64>,
    /// How a study is run
    #[command(flatten)]
    pub study: StudyArgs,
    /// The uid to record under, chosen by the program that started this one
    #[arg(long, hide = true)]
    pub uid: Option<String>,
    /// The study and the arm to record the run under
    #[arg(long = "study", hide = true)]
    pub of_study: Option<String>,
    /// The arm of that study
    #[arg(long, hide = true)]
    pub arm: Option<String>,
    /// Threads for computing and for reading where the spec leaves both to the machine; no part of what runs
    #[arg(long, hide = true)]
    pub share: Option<usize>,
}

impl RunArgs {
    /// How to show it, if anybody says so.
    pub fn ui(&self) -> Option<Ui> {
        if self.json { Some(Ui::Json) } else { self.ui }
    }
}

/// What `clip-lab run` takes for studies alone.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Studies")]
pub struct StudyArgs {
    /// Run so many at once; each gets its share of the cores
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Run only this arm; may be given several times
    #[arg(long, value_name = "ARM")]
    pub only: Vec<String>,
    /// Say what would run and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Keep finished runs whose spec, code or data have changed since, with a note on each; with --resume: resume such a run,
    /// with an event that says what has changed
    #[arg(long, conflicts_with = "fresh")]
    pub allow_changed: bool,
    /// Run everything anew; runs of before are tagged `superseded` and compared no more
    #[arg(long)]
    pub fresh: bool,
}

impl StudyArgs {
    /// The first flag given that only a study takes.
    pub fn given(&self, resumes: bool) -> Option<&'static str> {
        let flags = [
            (self.jobs.is_some(), "--jobs"),
            (!self.only.is_empty(), "--only"),
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
    /// Change a setting of every arm first, as `run` does
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

const RUN: &str = "Examples:
  clip-lab run experiments/lit.toml --set run.seed=1 --set trick.0.max_norm=0.5
  clip-lab run experiments/lit.toml --resume lit                   go on with the newest run called lit
  clip-lab run experiments/lit.toml --overfit                      can one batch be learnt by heart?
  clip-lab run experiments/lit.toml --json > progress.jsonl        an object a line, for programs
  clip-lab run experiments/tricks.toml --jobs 2 --only baseline    one arm of a study, two runs at a time
  clip-lab run experiments/tricks.toml --dry-run                   what would run";
