//! The command line of clip-lab: its definitions and its manners. Both binaries parse with it.

mod about;
mod check;
mod compare;
mod dashboard;
mod data;
mod embed;
mod eval;
mod export;
mod manners;
mod model;
mod plugin;
mod plugins;
mod prompts;
mod report;
mod run;
mod runs;
mod search;

use std::{ffi::OsString, path::PathBuf};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use about::{CompletionsArgs, DoctorArgs, ManArgs, Shell};
pub use check::CheckArgs;
pub use compare::{CompareArgs, Weights};
pub use dashboard::{DashboardArgs, Images};
pub use data::{DataVerb, InspectArgs, PackArgs, PackFormat};
pub use embed::EmbedArgs;
pub use eval::{DataArgs, EvalArgs, OtherArgs};
pub use export::{ChartForm, CostOf, ExportArgs, FileFormat, XAxis};
pub use manners::{
    ColorWhen, EXIT_CODES, Exit, VERSION, answer, coloured, heeded, line, message, paint, print, rewrite,
    shown, talk, tell, tell_mistakes, threads,
};
pub use model::{ModelExportArgs, ModelFormat, ModelShowArgs, ModelVerb, ModelWeights};
pub use plugin::PluginVerb;
pub use plugins::PluginsArgs;
pub use prompts::PromptsArgs;
pub use report::ReportArgs;
pub use run::{FingerprintArgs, RunArgs, StudyArgs, Ui};
pub use runs::{ListArgs, RunsVerb};
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
#[command(name = "clip-lab", version, arg_required_else_help = true, after_help = format!("{EXAMPLES}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
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
    /// Run code that checkpoints and the specs of stores and `check` name: TorchScript archives, shared libraries.
    ///
    /// Without it only code is run that you name yourself: in a spec that you run or name, or with `--set`.
    #[arg(long, global = true)]
    pub trust_code: bool,
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
        manners::choose(manners::given(&words));
        Self::parsed(&words).unwrap_or_else(|error| manners::refuse(&error))
    }

    /// An error repeats what it does not understand, so it is made again of arguments that may be shown.
    fn parsed(words: &[OsString]) -> Result<Self, clap::Error> {
        let parse = |words: Vec<OsString>| {
            Self::command().try_get_matches_from(words).and_then(|found| Self::from_arg_matches(&found))
        };
        let escaped = || words.iter().map(|word| shown(word.display()).to_string().into()).collect();
        parse(words.to_vec()).map_err(|error| parse(escaped()).err().unwrap_or(error))
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

const ENVIRONMENT: &str = "Environment:
  CLIP_LAB_DATA     the folder of data sets whose spec names no `root`, as `--set data.train.root=FOLDER` names it
  CLIP_LAB_CACHE    where fetched files and features are kept, else ~/.cache/clip-lab
  CLIP_LAB_STORE    the store, as --store";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    /// What a verb and those below it show as examples, without the words beside them.
    fn examples(command: &clap::Command, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = help.lines().filter_map(|line| line.trim().strip_prefix("clip-lab "));
        let command_of = |line: &str| {
            let line = line.split("  ").next().unwrap_or_default();
            line.split(['|', '>']).next().unwrap_or_default().trim().to_owned()
        };
        found.extend(lines.flat_map(|line| line.split("&& clip-lab ").map(command_of)));
        command.get_subcommands().for_each(|verb| examples(verb, found));
    }

    /// Words as a shell takes them, quotes taken off.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quote) = (vec![String::new()], None);
        for letter in line.chars() {
            match (letter, quote) {
                (_, Some(open)) if letter == open => quote = None,
                ('"' | '\'', None) => quote = Some(letter),
                (' ', None) => words.push(String::new()),
                _ => words.last_mut().unwrap().push(letter),
            }
        }
        words
    }

    #[test]
    fn every_example_of_the_help_is_understood() {
        let mut found = Vec::new();
        examples(&Cli::command(), &mut found);
        assert!(found.len() > 40, "{found:?}");
        for line in found {
            let parsed = Cli::try_parse_from(std::iter::once("clip-lab".to_owned()).chain(words(&line)));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn an_error_repeats_arguments_as_they_may_be_shown() {
        let words = ["clip-lab", "rnu\u{1b}]0;t\u{7}\nerror: x"].map(OsString::from);
        let error = Cli::parsed(&words).unwrap_err().render().to_string();
        assert!(error.contains(r"'rnu\u001b]0;t\u0007\nerror: x'"), "{error}");
    }

    #[test]
    fn the_store_may_stand_anywhere() {
        let cli = Cli::parse_from(["clip-lab", "run", "a.toml", "--store", "x.db", "--set", "run.seed=1"]);
        assert_eq!(cli.store, PathBuf::from("x.db"));
        assert!(matches!(cli.verb, Verb::Run(RunArgs { set, .. }) if set == ["run.seed=1"]));
    }
}
