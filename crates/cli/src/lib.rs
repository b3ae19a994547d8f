//! The command line of clip-lab, for both binaries: argument definitions, output, colours and exit codes.

mod about;
mod check;
mod compare;
mod dashboard;
mod data;
mod embed;
mod eval;
mod export;
mod model;
mod new;
mod plugin;
mod plugins;
mod process;
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
pub use data::{DataCommand, InspectArgs, PackArgs, PackFormat};
pub use embed::EmbedArgs;
pub use eval::{DataArgs, EvalArgs, OtherArgs};
pub use export::{ChartForm, CostOf, ExportArgs, FileFormat, XAxis};
pub use model::{ModelCommand, ModelExportArgs, ModelFormat, ModelShowArgs, ModelWeights};
pub use new::{NewArgs, NewTask};
pub use plugin::PluginCommand;
pub use plugins::PluginsArgs;
pub use process::{
    ColorWhen, EXIT_CODES, Exit, VERSION, coloured, eprint, json_document, json_line, libtorch_environment,
    message, not_ignored, paint, print, print_diagnostics, print_error, print_wait, rewrite_line, shown,
};
pub use prompts::PromptsArgs;
pub use report::ReportArgs;
pub use run::{FingerprintArgs, Launcher, RunArgs, StudyArgs, Ui};
pub use runs::{ImportArgs, ListArgs, RunsCommand, TransferArgs, TransferCheckpoints};
pub use search::{
    AnswerArgs, ApproximateArgs, GalleryArgs, SearchArgs, SearchDirection, SearchSplit, WrongArgs,
};

/// The default store.
pub const DEFAULT_STORE: &str = "runs/clip-lab.db";

/// The heading of the options that every command takes.
const GLOBAL: &str = "Global options";

/// A research platform for contrastive image-text learning.
///
/// A TOML spec names the encoders, projections, loss, schedule, tricks and data. `run` trains and evaluates it and
/// records everything in a SQLite store, which `dashboard`, `runs`, `compare`, `report` and `export` read.
#[derive(Debug, Parser)]
#[command(name = "clip-lab", version, arg_required_else_help = true, after_help = format!("{EXAMPLES}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
pub struct Cli {
    /// The experiment store; the files of each run are in a folder beside it.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "CLIP_LAB_STORE",
        default_value = DEFAULT_STORE,
        value_name = "FILE"
    )]
    pub store: PathBuf,
    /// Allow code named by a checkpoint, by a spec in a store or by a spec to `check`: TorchScript archives, shared
    /// libraries.
    ///
    /// Without it, only code that you name yourself runs: in a spec that you run or pass, or with `--set`.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub trust_code: bool,
    /// When to use colour.
    #[arg(long, global = true, help_heading = GLOBAL, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorWhen,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Parses the command line of this program. Exits on `--help`, `--version` and usage errors.
    pub fn read() -> Self {
        let args: Vec<_> = std::env::args_os().collect();
        process::set_color(process::color_of(&args));
        Self::parsed(&args).unwrap_or_else(|error| process::exit_with(&error))
    }

    /// A usage error quotes the invalid argument, so it is built again from escaped arguments.
    fn parsed(args: &[OsString]) -> Result<Self, clap::Error> {
        let parse = |args: Vec<OsString>| {
            Self::command().try_get_matches_from(args).and_then(|matches| Self::from_arg_matches(&matches))
        };
        let escaped = || args.iter().map(|arg| shown(arg.display()).to_string().into()).collect();
        parse(args.to_vec()).map_err(|error| parse(escaped()).err().unwrap_or(error))
    }
}

const EXAMPLES: &str = "Examples:
  clip-lab run experiments/lit.toml                     train, evaluate and record
  clip-lab run experiments/lit.toml --set run.seed=1    the same with another seed
  clip-lab run experiments/STUDY.toml --jobs 2          run what a study lacks, two runs at a time
  clip-lab check experiments/*.toml                     report every problem without running
  clip-lab plugins loss                                 list the losses and their settings
  clip-lab dashboard                                    watch live runs, browse past ones
  clip-lab search lit --images DIR \"a dog on a beach\"   find images
  clip-lab compare lit clip-scratch                     means, differences, intervals, tests
  clip-lab report experiments/STUDY.toml --out report   a folder with an HTML page to share
  clip-lab export lit --metric train/loss --out loss.svg";

const ENVIRONMENT: &str = "Environment:
  CLIP_LAB_DATA     root folder of data sets whose spec sets no `root` (data.train.root, ...)
  CLIP_LAB_CACHE    cache of downloads and features [default: ~/.cache/clip-lab]
  CLIP_LAB_STORE    the store, as --store";

/// A command of clip-lab.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train and evaluate a spec, or every missing run of a study
    ///
    /// Everything is recorded in the store. On a terminal the dashboard opens, and leaving it asks whether the run
    /// continues in the background; elsewhere progress is printed as lines. Ctrl-C saves a checkpoint first. A study
    /// runs every arm with every seed that has no result yet, and resumes interrupted runs.
    Run(RunArgs),
    /// Write a spec for a folder of your own images
    ///
    /// Looks for a caption list or class folders, and writes a commented spec with batch, warmup and splits that fit the
    /// number of images.
    New(NewArgs),
    /// Check specs and studies and report every problem with its line
    ///
    /// Files are read as `run` reads them, but nothing is trained or recorded. For a single spec, the cost of the run
    /// (parameters, operations, memory, time) and likely problems are printed too. Code that a spec names does not run:
    /// without --trust-code it is a problem. Exits with 3 if there is any.
    Check(CheckArgs),
    /// List plugins, or describe one with its settings, defaults and help
    Plugins(PluginsArgs),
    /// Create a plugin of your own: `plugin new KIND NAME`
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Evaluate a run or another model on its own or other data, or interpolate two models
    #[command(after_help = eval::EXAMPLES)]
    Eval(EvalArgs),
    /// Rank prompt templates by zero-shot accuracy and select an ensemble
    #[command(after_help = prompts::EXAMPLES)]
    Prompts(PromptsArgs),
    /// Embed images and texts into a safetensors or NumPy file
    ///
    /// The arrays are `image_embeds` and `text_embeds`; the metadata of a safetensors file lists the images. Unreadable
    /// images are left out and listed.
    Embed(EmbedArgs),
    /// Search images by text or by image, or show the queries that an evaluation missed
    Search(SearchArgs),
    /// Describe a model, or export it for other tools
    #[command(subcommand)]
    Model(ModelCommand),
    /// Inspect data sets, or pack them into tar shards
    #[command(subcommand)]
    Data(DataCommand),
    /// List, show, diff, tag, annotate, copy, import and delete recorded runs
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Compare the arms of a study, or runs, over seeds and queries
    ///
    /// Prints a table for each metric: the mean over seeds with its 95% interval, the difference of each arm from the
    /// reference with its interval over seeds and queries, and a p-value corrected for the number of arms.
    Compare(CompareArgs),
    /// Write a report on a study, or on runs, with figures, data and a script to reproduce it
    ///
    /// The folder can be shared as it is: an HTML page that needs no network, the same in Markdown with figures, the
    /// data as CSV and JSON, the specs, and a script that runs everything again.
    Report(ReportArgs),
    /// Export charts of runs (SVG, PNG, PDF) or their points (CSV, Parquet, TensorBoard)
    ///
    /// The extension of --out selects the format. The metadata of a figure names its runs and metrics; the same data
    /// gives the same bytes.
    Export(ExportArgs),
    /// Watch live runs, or browse past ones, in the terminal
    ///
    /// The dashboard only reads the store: closing it does not affect a run. `?` lists the keys.
    Dashboard(DashboardArgs),
    /// Check that everything clip-lab needs is available, and print how to fix what is not
    ///
    /// Checks libtorch, the accelerator, the store, the caches, disk space, the terminal and Python. It works without
    /// libtorch. Exits with 1 if something required is broken.
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for every command
    Man(ManArgs),
    /// Print what the core runs on, as JSON
    #[command(hide = true)]
    Probe,
    /// Print what decides the results of a study's arms besides their specs, as JSON
    #[command(hide = true)]
    Fingerprint(FingerprintArgs),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    /// The example commands of a command and its subcommands, without their descriptions.
    fn examples(command: &clap::Command, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = help.lines().filter_map(|line| line.trim().strip_prefix("clip-lab "));
        let command_of = |line: &str| {
            let line = line.split("  ").next().unwrap_or_default();
            line.split(['|', '>']).next().unwrap_or_default().trim().to_owned()
        };
        found.extend(lines.flat_map(|line| line.split("&& clip-lab ").map(command_of)));
        command.get_subcommands().for_each(|subcommand| examples(subcommand, found));
    }

    /// Splits a line into arguments as a shell does, and removes quotes.
    fn split(line: &str) -> Vec<String> {
        let (mut args, mut quote) = (vec![String::new()], None);
        for letter in line.chars() {
            match (letter, quote) {
                (_, Some(open)) if letter == open => quote = None,
                ('"' | '\'', None) => quote = Some(letter),
                (' ', None) => args.push(String::new()),
                _ => args.last_mut().unwrap().push(letter),
            }
        }
        args
    }

    #[test]
    fn every_example_of_the_help_parses() {
        let mut found = Vec::new();
        examples(&Cli::command(), &mut found);
        assert!(found.len() > 40, "{found:?}");
        for line in found {
            let parsed = Cli::try_parse_from(std::iter::once("clip-lab".to_owned()).chain(split(&line)));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn an_error_escapes_the_arguments_that_it_quotes() {
        let args = ["clip-lab", "rnu\u{1b}]0;t\u{7}\nerror: x"].map(OsString::from);
        let error = Cli::parsed(&args).unwrap_err().render().to_string();
        assert!(error.contains(r"'rnu\u001b]0;t\u0007\nerror: x'"), "{error}");
    }

    #[test]
    fn alpha_takes_values_in_any_form() {
        for form in ["--alpha 0.5 1", "--alpha 0.5,1", "--alpha 0.5 --alpha 1"] {
            let line = format!("clip-lab eval --interpolate a b {form} --json");
            let cli = Cli::try_parse_from(split(&line)).unwrap();
            assert!(matches!(cli.command, Command::Eval(args) if args.alpha == [0.5, 1.0]), "{form}");
        }
    }

    #[test]
    fn the_store_may_stand_anywhere() {
        let cli = Cli::parse_from(["clip-lab", "run", "a.toml", "--store", "x.db", "--set", "run.seed=1"]);
        assert_eq!(cli.store, PathBuf::from("x.db"));
        assert!(matches!(cli.command, Command::Run(RunArgs { set, .. }) if set == ["run.seed=1"]));
    }
}
