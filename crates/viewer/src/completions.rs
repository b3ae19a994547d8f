//! Shell completions: at each Tab the shell calls this program, which completes commands and runs of the store.

mod quoting;

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use anyhow::{Context as _, Result};
use clap::{Command, CommandFactory as _};
use clap_complete::{
    ArgValueCompleter, CompletionCandidate,
    env::{CompleteEnv, Shells},
};
use clip_lab_chart::layout;
use clip_lab_cli::{Cli, DEFAULT_STORE, Shell};
use clip_lab_escape::line;
use clip_lab_store::Reader;

/// The variable that requests completions; the default of clap_complete.
const VARIABLE: &str = "COMPLETE";
/// The calling shell.
static SHELL: OnceLock<String> = OnceLock::new();
/// Ids of arguments that take a run. They complete names and uids of the store named by the environment.
const RUN_ARGS: [&str; 8] = ["run", "runs", "a", "b", "what", "model", "resume", "interpolate"];
/// Commands with such arguments.
const RUN_COMMANDS: [&str; 9] =
    ["run", "runs", "eval", "embed", "model", "compare", "report", "export", "dashboard"];

/// Answers a completion request and exits, if there is one.
pub fn complete() {
    if let Ok(shell) = env::var(VARIABLE) {
        // clap_complete removes the variable before it requests values.
        let _ = SHELL.set(shell);
        CompleteEnv::with_factory(|| complete_runs(Cli::command())).var(VARIABLE).complete();
    }
}

/// The script that registers the completions in a shell.
///
/// # Errors
/// If clap_complete does not support the shell.
pub fn script(shell: Shell) -> Result<String> {
    let name = match shell {
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Zsh => "zsh",
    };
    let shells = Shells::builtins();
    let shell = shells.completer(name).context("this shell is not supported")?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "clip-lab", "clip-lab", "clip-lab", &mut script)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// Adds completion of runs to the arguments that take one.
fn complete_runs(command: Command) -> Command {
    let with_runs =
        subcommand_names(&command).into_iter().filter(|name| RUN_COMMANDS.contains(&name.as_str()));
    with_runs.fold(command, |command, name| command.mut_subcommand(name, attach))
}

fn subcommand_names(command: &Command) -> Vec<String> {
    command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect()
}

fn attach(mut command: Command) -> Command {
    for name in subcommand_names(&command) {
        command = command.mut_subcommand(name, attach);
    }
    let arguments: Vec<_> = command.get_arguments().map(|argument| argument.get_id().clone()).collect();
    if command.get_name() == "dashboard" {
        command = command.mut_arg("layout", |argument| argument.add(ArgValueCompleter::new(layouts)));
        return command
            .mut_arg("what", |argument| argument.add(ArgValueCompleter::new(runs_and_studies)))
            .mut_arg("runs", |argument| argument.add(ArgValueCompleter::new(runs)));
    }
    for id in arguments.into_iter().filter(|id| RUN_ARGS.contains(&id.as_str())) {
        command = command.mut_arg(id, |argument| argument.add(ArgValueCompleter::new(runs)));
    }
    command
}

/// Run names and uids with the prefix, with a description; and files, which most of these arguments also accept.
fn runs(prefix: &OsStr) -> Vec<CompletionCandidate> {
    let prefix = prefix.to_string_lossy();
    let store = store();
    let mut found: Vec<CompletionCandidate> = Vec::new();
    for run in Reader::open(&store).and_then(|reader| reader.runs()).unwrap_or_default() {
        let about = line(&format!("{} {}", run.status, run.uid)).into_owned();
        // A name that the shell would split or expand is not completed; its uid is.
        let by_uid = !prefix.is_empty() || !quoting::is_plain(&run.name);
        let uid = Some(run.uid.as_str()).filter(|_| by_uid);
        let texts = [Some(run.name.as_str()), uid].into_iter().flatten();
        found.extend(
            texts
                .filter(|text| text.starts_with(prefix.as_ref()) && quoting::is_plain(text))
                .map(|text| CompletionCandidate::new(text.to_owned()).help(Some(about.clone().into()))),
        );
    }
    found.sort_by(|a, b| a.get_value().cmp(b.get_value()));
    found.dedup_by(|a, b| a.get_value() == b.get_value());
    found.extend(quoted_files(&prefix));
    found
}

/// Runs and studies, for the dashboard.
fn runs_and_studies(prefix: &OsStr) -> Vec<CompletionCandidate> {
    let text = prefix.to_string_lossy();
    let mut studies: Vec<String> = Reader::open(&store())
        .and_then(|reader| reader.runs())
        .unwrap_or_default()
        .into_iter()
        .filter_map(|run| {
            run.study.filter(|study| study.starts_with(text.as_ref()) && quoting::is_plain(study))
        })
        .collect();
    studies.sort();
    studies.dedup();
    let study = |name| CompletionCandidate::new(name).help(Some("a study".into()));
    studies.into_iter().map(study).chain(runs(prefix)).collect()
}

/// Layouts by name, and files.
fn layouts(prefix: &OsStr) -> Vec<CompletionCandidate> {
    let prefix = prefix.to_string_lossy();
    let fits = |name: &String| name.starts_with(prefix.as_ref()) && quoting::is_plain(name);
    let named = layout::names(&store()).into_iter().filter(fits);
    named.map(CompletionCandidate::new).chain(quoted_files(&prefix)).collect()
}

/// The store that the environment names.
fn store() -> PathBuf {
    env::var_os("CLIP_LAB_STORE").map_or_else(|| PathBuf::from(DEFAULT_STORE), PathBuf::from)
}

/// Files and folders with the prefix, quoted for the calling shell.
fn quoted_files(prefix: &str) -> Vec<CompletionCandidate> {
    let shell = SHELL.get().map_or("", String::as_str);
    let files = files(&quoting::unquoted(shell, prefix)).into_iter();
    files.filter_map(|file| quoting::quoted(shell, &file)).map(CompletionCandidate::new).collect()
}

/// Files and folders with the prefix.
fn files(prefix: &str) -> Vec<String> {
    let (folder, start) = prefix.rsplit_once('/').map_or(("", prefix), |(folder, start)| (folder, start));
    let parent = if prefix.contains('/') { format!("{folder}/") } else { String::new() };
    let path = if parent.is_empty() { Path::new(".") } else { Path::new(&parent) };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let shown = name.starts_with(start) && (!name.starts_with('.') || start.starts_with('.'));
            let slash = if entry.path().is_dir() { "/" } else { "" };
            shown.then(|| format!("{parent}{name}{slash}"))
        })
        .collect();
    found.sort();
    found
}
