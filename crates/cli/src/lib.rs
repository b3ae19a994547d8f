//! The command line of clip-lab: its definitions and its manners. Both binaries parse with it.

mod about;
mod compare;
mod data;
mod eval;
mod export;
mod manners;
mod model;
mod plugin;
mod prompts;
mod report;
mod runs;
mod search;

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub use about::{CompletionsArgs, DoctorArgs, ManArgs, Shell};
pub use compare::{CompareArgs, Weights};
pub use data::{DataVerb, InspectArgs, PackArgs, PackFormat};
pub use eval::{DataArgs, EvalArgs, OtherArgs};
pub use export::{ChartForm, CostOf, ExportArgs, FileFormat, XAxis};
pub use manners::{ColorWhen, EXIT_CODES, Exit, VERSION, answer, coloured, line, paint, print, talk};
pub use model::{ModelExportArgs, ModelFormat, ModelShowArgs, ModelVerb, ModelWeights};
pub use plugin::PluginVerb;
pub use prompts::PromptsArgs;
pub use report::ReportArgs;
pub use runs::RunsVerb;
pub use search::{
    AnswerArgs, ApproximateArgs, GalleryArgs, SearchArgs, SearchDirection, SearchSplit, WrongArgs,
};

/// The store when nobody names one.
pub const DEFAULT_STORE: &str = "runs/clip-lab.db";

/// A research platform for contrastive image-text learning.
///
/// One TOML file says which encoders, projections, loss, schedule and tricks are trained on which data; `run` trains
/// them and records everything in a SQLite store; `dashboard`, `runs` and `export` look at it.
#[derive(Debug, Parser)]
#[command(name = "clip-lab", version, arg_required_else_help = true, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Cli {
    /// The experiment store; runs keep their files in folders beside it.
    #[arg(
        long,
        global = true,
        env = "CLIP_LAB_STORE",
        default_value = DEFAULT_STORE,
        value_name = "FILE"
    )]
    pub store: PathBuf,
    /// When to print in colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorWhen,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

impl Cli {
    /// The command line of this program. Ends it where that asks for help or cannot be understood.
    pub fn read() -> Self {
        let words: Vec<_> = std::env::args_os().collect();
        let colour = manners::choose(manners::given(&words));
        let matches = Self::command().color(colour).get_matches_from(words);
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

const EXAMPLES: &str = "Examples:
  clip-lab run experiments/lit.toml                     train, evaluate, record; on a terminal with a dashboard
  clip-lab run experiments/lit.toml --set run.seed=1    the same with another seed
  clip-lab run experiments/STUDY.toml --jobs 2          all arms and seeds of a study that have no result yet
  clip-lab check experiments/*.toml                     find every mistake without running anything
  clip-lab plugins loss                                 which losses there are, with all settings
  clip-lab dashboard                                    watch or revisit runs
  clip-lab search lit --images DIR \"a dog on a beach\"   find pictures
  clip-lab compare lit clip-scratch                     which is better, by how much, and how sure that is
  clip-lab report experiments/STUDY.toml --out report   the answer with its interval, curves, cost, provenance
  clip-lab export lit --metric train/loss --out loss.svg";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Train what a spec describes, evaluate it and record everything; of a study, every run that is missing
    Run(RunArgs),
    /// Check specs and studies: every mistake with its line, nothing is run
    Check(CheckArgs),
    /// List the plugins, or explain one with its settings, defaults and help
    Plugins(PluginsArgs),
    /// Write plugins of your own: `plugin new KIND NAME`
    #[command(subcommand)]
    Plugin(PluginVerb),
    /// Evaluate a run or any model, on its own data or on other; or the weights between two models
    #[command(after_help = eval::EXAMPLES)]
    Eval(EvalArgs),
    /// Find out which prompt templates classify best, and which few of them together
    #[command(after_help = prompts::EXAMPLES)]
    Prompts(PromptsArgs),
    /// Turn pictures and texts into embeddings, written to a safetensors file
    Embed(EmbedArgs),
    /// Find pictures by text, or by a picture, and look at what an evaluation got wrong
    Search(SearchArgs),
    /// Take a model away, or look at one: `model export`, `model show`
    #[command(subcommand)]
    Model(ModelVerb),
    /// Look at data sets, or pack them into shards
    #[command(subcommand)]
    Data(DataVerb),
    /// Look back at runs: list, show, tag, delete, and how two of them differ
    #[command(subcommand)]
    Runs(RunsVerb),
    /// Compare the arms of a study, or runs: means, differences, intervals and tests over seeds and queries
    Compare(CompareArgs),
    /// Write a report on a study, or on runs: a page for the browser, Markdown with figures, the data, a script to repeat it
    Report(ReportArgs),
    /// Write a chart of runs (SVG, PNG, PDF) or the points behind it (CSV, Parquet, TensorBoard)
    Export(ExportArgs),
    /// Watch runs live, or look at them afterwards, in the terminal
    Dashboard(DashboardArgs),
    /// Look whether all is there that clip-lab needs, and say what to do where it is not
    Doctor(DoctorArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for every verb
    Man(ManArgs),
    /// What the core runs on, as JSON
    #[command(hide = true)]
    Probe,
    /// What decides the results of a study's arms besides their specs, as JSON
    #[command(hide = true)]
    Fingerprint(FingerprintArgs),
}

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

/// How the dashboard shows pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Images {
    /// The best that the terminal says it can; half-blocks inside tmux
    #[default]
    Auto,
    /// The protocol of kitty
    Kitty,
    /// Sixels
    Sixel,
    /// The protocol of iTerm2
    Iterm2,
    /// Two coloured points a cell, in any terminal
    Halfblocks,
    /// Names of pictures only
    Off,
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
    /// Change a setting before anything is read: `--set run.seed=1`, `--set trick.0.max_norm=0.5`
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
    pub overfit: Option<std::num::NonZeroU64>,
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
    /// Keep finished runs whose spec, code or data have changed since, with a note on each
    #[arg(long, conflicts_with = "fresh")]
    pub allow_changed: bool,
    /// Run everything anew; runs of before are tagged `superseded` and compared no more
    #[arg(long)]
    pub fresh: bool,
}

impl StudyArgs {
    /// The flag that was given first, if any was.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            (self.jobs.is_some(), "--jobs"),
            (!self.only.is_empty(), "--only"),
            (self.dry_run, "--dry-run"),
            (self.allow_changed, "--allow-changed"),
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

/// `clip-lab check`.
///
/// Reads specs and studies as `run` does and tells every mistake with its line. Of one spec it also tells what a run will
/// cost (parameters, operations, memory, length) and what looks like a mistake. Nothing is trained or recorded. It ends
/// with 3 when anything is wrong.
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
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const CHECK: &str = "Examples:
  clip-lab check experiments/*.toml
  clip-lab check experiments/lit.toml --set run.batch=4096         what that would cost
  clip-lab check experiments/lit.toml --json | jq .specs[0].cost.updates";

/// `clip-lab plugins`.
///
/// Everything that a spec may name, each plugin with its settings, their defaults and help.
#[derive(Debug, Args)]
#[command(after_help = PLUGINS)]
pub struct PluginsArgs {
    /// A kind of plugin, such as `loss`
    pub kind: Option<String>,
    /// One of its plugins, such as `siglip`
    pub name: Option<String>,
    /// Print the JSON Schema of a spec, for editors
    #[arg(long, conflicts_with_all = ["kind", "name"])]
    pub schema: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "schema")]
    pub json: bool,
}

const PLUGINS: &str = "Examples:
  clip-lab plugins                                                 every kind and its plugins
  clip-lab plugins loss                                            all losses with their settings
  clip-lab plugins loss siglip                                     one of them
  clip-lab plugins --schema > experiments/schema.json              for editors that complete TOML";

/// `clip-lab embed`.
///
/// Embeds pictures, texts or both with a model, and writes `image_embeds` and `text_embeds` into a safetensors file, whose
/// metadata names the pictures. Pictures that cannot be read are left out and named.
#[derive(Debug, Args)]
#[command(after_help = EMBED)]
pub struct EmbedArgs {
    /// A run, a spec, or a folder, a file or a name of the hub (hf:ORGANISATION/NAME) in any layout that `from` reads
    #[arg(value_name = "RUN|SPEC|FOLDER")]
    pub model: String,
    /// A folder of pictures, embedded in name order as `image_embeds`
    #[arg(long, value_name = "FOLDER")]
    pub images: Option<PathBuf>,
    /// A file with one text a line, embedded in order as `text_embeds`
    #[arg(long, value_name = "FILE")]
    pub texts: Option<PathBuf>,
    /// The safetensors file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Leave the embeddings as the projections give them instead of scaling them to unit length
    #[arg(long)]
    pub raw: bool,
    /// The share of pictures that may be unreadable; they are left out and named
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    pub tolerate: f64,
    /// Change a setting of the spec first
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const EMBED: &str = "Examples:
  clip-lab embed lit --images photos --out photos.safetensors
  clip-lab embed hf:openai/clip-vit-base-patch32 --texts captions.txt --out texts.safetensors";

/// `clip-lab dashboard`.
///
/// Shows the runs of the store and reads nothing else: closing it touches no run. `?` tells the keys.
#[derive(Debug, Args)]
#[command(after_help = DASHBOARD)]
pub struct DashboardArgs {
    /// A layout: a file, or the name of one in dashboards/, such as `lit`
    pub layout: Option<PathBuf>,
    /// Show only these runs: names or beginnings of uids, or a filter such as `study:lit status:live lr<1e-4`
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub runs: Vec<String>,
    /// How to show pictures
    #[arg(long, value_enum, default_value_t)]
    pub images: Images,
}

const DASHBOARD: &str = "Examples:
  clip-lab dashboard                                               all runs, live ones first
  clip-lab dashboard lit --runs study:tricks                       a layout, and some runs
  clip-lab dashboard --runs 'status:live lr<1e-4' --images off     a filter";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_store_may_stand_anywhere() {
        let cli = Cli::parse_from(["clip-lab", "run", "a.toml", "--store", "x.db", "--set", "run.seed=1"]);
        assert_eq!(cli.store, PathBuf::from("x.db"));
        assert!(matches!(cli.verb, Verb::Run(RunArgs { set, .. }) if set == ["run.seed=1"]));
    }
}
