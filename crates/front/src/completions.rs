//! Completions: the shell asks this program at each Tab, which knows its verbs and the runs of the store.

mod words;

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
use clip_lab_board::layout;
use clip_lab_cli::{Cli, DEFAULT_STORE, Shell};
use clip_lab_escape::line;
use clip_lab_store::Reader;

/// The variable by which a shell asks; clap_complete's usual name.
const ASKED: &str = "COMPLETE";
/// The shell that asks.
static SHELL: OnceLock<String> = OnceLock::new();
/// What completes a run: names and uids of the store that the environment names.
const OF_RUNS: [&str; 8] = ["run", "runs", "a", "b", "what", "model", "resume", "interpolate"];
/// Verbs whose arguments of these names are runs, or may be.
const WITH_RUNS: [&str; 9] =
    ["run", "runs", "eval", "embed", "model", "compare", "report", "export", "dashboard"];

/// Answers a shell and ends the program, if a shell asks.
pub fn complete() {
    if let Ok(shell) = env::var(ASKED) {
        // clap_complete takes the variable away before it asks for values.
        let _ = SHELL.set(shell);
        CompleteEnv::with_factory(|| with_runs(Cli::command())).var(ASKED).complete();
    }
}

/// What a shell reads to ask this program.
///
/// # Errors
/// When the script cannot be made.
pub fn script(shell: Shell) -> Result<String> {
    let name = match shell {
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Zsh => "zsh",
    };
    let shells = Shells::builtins();
    let shell = shells.completer(name).context("this shell is not known")?;
    let mut script = Vec::new();
    shell.write_registration(ASKED, "clip-lab", "clip-lab", "clip-lab", &mut script)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// The same command line, whose arguments that name runs know those of the store.
fn with_runs(command: Command) -> Command {
    let verbs: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let known = verbs.into_iter().filter(|verb| WITH_RUNS.contains(&verb.as_str()));
    known.fold(command, |command, verb| command.mut_subcommand(verb, attach))
}

fn attach(mut verb: Command) -> Command {
    let below: Vec<String> = verb.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    for name in below {
        verb = verb.mut_subcommand(name, attach);
    }
    let arguments: Vec<_> = verb.get_arguments().map(|argument| argument.get_id().clone()).collect();
    if verb.get_name() == "dashboard" {
        verb = verb.mut_arg("layout", |argument| argument.add(ArgValueCompleter::new(layouts)));
        return verb
            .mut_arg("what", |argument| argument.add(ArgValueCompleter::new(shown)))
            .mut_arg("runs", |argument| argument.add(ArgValueCompleter::new(runs)));
    }
    for id in arguments.into_iter().filter(|id| OF_RUNS.contains(&id.as_str())) {
        verb = verb.mut_arg(id, |argument| argument.add(ArgValueCompleter::new(runs)));
    }
    verb
}

/// Names and uids that begin with what is there, each with what it is; and files, which most of these arguments may be.
fn runs(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let store = store();
    let mut found: Vec<CompletionCandidate> = Vec::new();
    for run in Reader::open(&store).and_then(|reader| reader.runs()).unwrap_or_default() {
        let about = line(&format!("{} {}", run.status, run.uid)).into_owned();
        // A name that a shell would take apart is none to complete: its run has a uid.
        let by_uid = !begun.is_empty() || !words::is_plain(&run.name);
        let uid = Some(run.uid.as_str()).filter(|_| by_uid);
        let texts = [Some(run.name.as_str()), uid].into_iter().flatten();
        found.extend(
            texts
                .filter(|text| text.starts_with(begun.as_ref()) && words::is_plain(text))
                .map(|text| CompletionCandidate::new(text.to_owned()).help(Some(about.clone().into()))),
        );
    }
    found.sort_by(|a, b| a.get_value().cmp(b.get_value()));
    found.dedup_by(|a, b| a.get_value() == b.get_value());
    found.extend(quoted_files(&begun));
    found
}

/// Runs and studies, as the dashboard shows them.
fn shown(begun: &OsStr) -> Vec<CompletionCandidate> {
    let text = begun.to_string_lossy();
    let mut studies: Vec<String> = Reader::open(&store())
        .and_then(|reader| reader.runs())
        .unwrap_or_default()
        .into_iter()
        .filter_map(|run| {
            run.study.filter(|study| study.starts_with(text.as_ref()) && words::is_plain(study))
        })
        .collect();
    studies.sort();
    studies.dedup();
    let study = |name| CompletionCandidate::new(name).help(Some("a study".into()));
    studies.into_iter().map(study).chain(runs(begun)).collect()
}

/// Layouts by name, and files.
fn layouts(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let fits = |name: &String| name.starts_with(begun.as_ref()) && words::is_plain(name);
    let named = layout::names(&store()).into_iter().filter(fits);
    named.map(CompletionCandidate::new).chain(quoted_files(&begun)).collect()
}

/// The store that the environment names.
fn store() -> PathBuf {
    env::var_os("CLIP_LAB_STORE").map_or_else(|| PathBuf::from(DEFAULT_STORE), PathBuf::from)
}

/// Files and folders that begin with what is there, as the shell that asks must read them.
fn quoted_files(begun: &str) -> Vec<CompletionCandidate> {
    let shell = SHELL.get().map_or("", String::as_str);
    let files = files(&words::unquoted(shell, begun)).into_iter();
    files.filter_map(|file| words::quoted(shell, &file)).map(CompletionCandidate::new).collect()
}

/// Files and folders that begin with what is there.
fn files(begun: &str) -> Vec<String> {
    let (folder, start) = begun.rsplit_once('/').map_or(("", begun), |(folder, start)| (folder, start));
    let prefix = if begun.contains('/') { format!("{folder}/") } else { String::new() };
    let place = if prefix.is_empty() { Path::new(".") } else { Path::new(&prefix) };
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let shown = name.starts_with(start) && (!name.starts_with('.') || start.starts_with('.'));
            let slash = if entry.path().is_dir() { "/" } else { "" };
            shown.then(|| format!("{prefix}{name}{slash}"))
        })
        .collect();
    found.sort();
    found
}
