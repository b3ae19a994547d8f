//! `clip-lab runs push` and `clip-lab runs pull`.

use std::{
    io::{IsTerminal as _, stderr, stdin, stdout},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clip_lab_cli::{Exit, TransferArgs, TransferCheckpoints, json_document, note, rewrite_line, shown};
use clip_lab_store::Reader;
use clip_lab_transfer::{
    Address, Checkpoints, Local, Outcome, Remote, RunReport, Settings, Source, Target, copy, serve,
};
use serde_json::json;

use crate::{doctor::size, filter::matching_runs};

/// A shorter copy shows no progress.
const QUIET: Duration = Duration::from_secs(1);
/// The interval between two lines of progress.
const INTERVAL: Duration = Duration::from_millis(200);

/// Copies runs of `store` to another.
///
/// # Errors
/// If a store cannot be read or written, or the filter is invalid.
pub fn push(store: &Path, args: &TransferArgs) -> Result<Exit> {
    match Address::read(&args.other)? {
        Address::File(other) => transfer(&mut local(store), &mut local(&other), args),
        address => transfer(&mut local(store), &mut remote(&address, args)?, args),
    }
}

/// Copies runs of another store to `store`.
pub fn pull(store: &Path, args: &TransferArgs) -> Result<Exit> {
    match Address::read(&args.other)? {
        Address::File(other) => transfer(&mut local(&other), &mut local(store), args),
        address => transfer(&mut remote(&address, args)?, &mut local(store), args),
    }
}

/// Serves the store at `path` to another machine.
///
/// # Errors
/// If the connection breaks or the other side has another version.
pub fn serve_store(path: &Path) -> Result<()> {
    serve(path, select, &mut stdin().lock(), &mut stdout().lock())
}

fn local(store: &Path) -> Local {
    Local::new(store, select)
}

fn remote(address: &Address, args: &TransferArgs) -> Result<Remote> {
    let arguments = address.ssh_arguments(&args.remote_program).context("the store is a file")?;
    Remote::start(Command::new("ssh").args(arguments))
}

fn select(reader: &Reader, filter: &str) -> Result<Vec<String>> {
    Ok(matching_runs(reader, filter, "FILTER", None)?.into_iter().map(|run| run.uid).collect())
}

fn transfer(source: &mut dyn Source, target: &mut dyn Target, args: &TransferArgs) -> Result<Exit> {
    let settings = Settings {
        no_files: args.no_files,
        checkpoints: match args.checkpoints {
            TransferCheckpoints::All => Checkpoints::All,
            TransferCheckpoints::Last => Checkpoints::Last,
            TransferCheckpoints::Best => Checkpoints::Best,
            TransferCheckpoints::None => Checkpoints::None,
        },
        checksum: args.checksum,
        dry_run: args.dry_run,
    };
    let mut progress = Progress::new();
    let copied = copy(source, target, &filter(&args.filter), &settings, &mut |done, all, bytes| {
        progress.show(done, all, bytes);
    });
    progress.clear();
    let reports = copied?;
    if args.json {
        clip_lab_cli::print(json_document(json!({
            "runs": reports.iter().map(object).collect::<Vec<_>>(),
            "dry_run": args.dry_run,
        })));
    } else {
        clip_lab_cli::print(text(&reports, args.dry_run));
    }
    let failed = reports.iter().any(|report| matches!(report.outcome, Outcome::Failed(_)));
    Ok(Exit::of(!failed))
}

/// One filter that means all of them.
fn filter(all: &[String]) -> String {
    match all {
        [one] => one.clone(),
        _ => all.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" "),
    }
}

fn object(report: &RunReport) -> serde_json::Value {
    let (outcome, reason) = describe(&report.outcome);
    json!({
        "uid": report.uid, "name": report.name, "outcome": outcome, "reason": reason,
        "log_calls": report.log_calls, "bytes": report.bytes, "secret_spec": report.secret_spec,
    })
}

fn describe(outcome: &Outcome) -> (&'static str, Option<&str>) {
    match outcome {
        Outcome::New => ("new", None),
        Outcome::Updated => ("updated", None),
        Outcome::Unchanged => ("unchanged", None),
        Outcome::Skipped(why) => ("skipped", Some(why)),
        Outcome::Failed(why) => ("failed", Some(why)),
    }
}

/// What was copied, and the sums. What was not copied goes to standard error.
fn text(reports: &[RunReport], dry_run: bool) -> String {
    let mut text = String::new();
    for report in reports {
        let run = format!("{} ({})", shown(&report.name), shown(&report.uid));
        match describe(&report.outcome) {
            (outcome, Some(why)) => note!("{outcome} {run}: {}", shown(why)),
            ("unchanged", _) => {}
            (outcome, _) if dry_run => {
                text += &format!("{outcome} {run}, {} log calls, {}\n", report.log_calls, size(report.bytes));
            }
            _ => {}
        }
        if report.secret_spec && report.outcome != Outcome::Unchanged {
            note!("spec.toml of {run} holds secrets and stays where it is; the store has it without them");
        }
    }
    text + &summary(reports)
}

/// `12 runs: 3 new, 2 updated, 7 unchanged, 1.2 GB`.
fn summary(reports: &[RunReport]) -> String {
    let count = |name: &str| reports.iter().filter(|report| describe(&report.outcome).0 == name).count();
    let names = ["new", "updated", "unchanged", "skipped", "failed"];
    let counts = names.into_iter().map(|name| (count(name), name));
    let always = ["new", "updated", "unchanged"];
    let parts: Vec<String> = counts
        .filter(|(count, name)| *count > 0 || always.contains(name))
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let bytes = reports.iter().map(|report| report.bytes).sum();
    let runs = if reports.len() == 1 { "run" } else { "runs" };
    format!("{} {runs}: {}, {}\n", reports.len(), parts.join(", "), size(bytes))
}

/// A line on standard error, for copies that take longer than a second.
struct Progress {
    start: Instant,
    last: Option<Instant>,
    terminal: bool,
}

impl Progress {
    fn new() -> Progress {
        Progress { start: Instant::now(), last: None, terminal: stderr().is_terminal() }
    }

    fn show(&mut self, done: usize, all: usize, bytes: u64) {
        let due = self.last.map_or_else(|| self.start.elapsed() > QUIET, |last| last.elapsed() > INTERVAL);
        if self.terminal && due {
            rewrite_line(&format!("{done} of {all} runs, {}", size(bytes)));
            self.last = Some(Instant::now());
        }
    }

    fn clear(&self) {
        if self.last.is_some() {
            rewrite_line("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_runs_and_bytes() {
        let report = |outcome, bytes| RunReport {
            uid: String::new(),
            name: String::new(),
            outcome,
            log_calls: 0,
            bytes,
            secret_spec: false,
        };
        let reports = [
            report(Outcome::New, 1_200_000_000),
            report(Outcome::Unchanged, 0),
            report(Outcome::Failed("x".into()), 0),
        ];
        assert_eq!(summary(&reports), "3 runs: 1 new, 0 updated, 1 unchanged, 1 failed, 1.2 GB\n");
        assert_eq!(filter(&["a".into(), "b | c".into()]), "(a) (b | c)");
    }
}
