//! `clip-lab run`: on a terminal the trainer becomes a child with its own log, and the dashboard is shown; elsewhere the
//! trainer takes our place and prints plain lines.

use std::{
    fs::{self, File},
    io::IsTerminal as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clip_lab_board::{Outcome, screen::no_screen};
use clip_lab_cli::{Exit, out, print, talk};
use clip_lab_store::{Reader, new_uid, run_folder};

use crate::{charts, core};

/// How long a trainer may take until its run stands in the store; it opens the data set first.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a dashboard can be drawn where our output goes.
pub fn can_draw() -> bool {
    on_terminal() && no_screen().is_none()
}

/// Why a terminal gets plain lines, where one does.
pub fn why_plain() -> Option<String> {
    no_screen().filter(|_| on_terminal())
}

fn on_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// Starts `clip-lab-core run ARGUMENTS` as a child in its own process group and shows the dashboard.
///
/// `arguments` are those after `run`, with neither `--ui` nor `--uid`; `resume` is the run gone on with.
///
/// # Errors
/// When the spec is wrong, the trainer does not start, or the terminal cannot be drawn on.
pub fn with_dashboard(
    store: &Path,
    spec: &Path,
    arguments: &[String],
    resume: Option<&str>,
    images: clip_lab_cli::Images,
) -> Result<Exit> {
    // Faults of the spec are told here and now, not in a log.
    let sets = arguments.windows(2).filter(|pair| pair[0] == "--set").flat_map(|pair| pair.to_vec());
    let mut check = core::command()?;
    let checked = check
        .arg("check")
        .arg(spec)
        .args(sets)
        .args(["--no-cost", "--before-run"])
        .stdout(Stdio::null())
        .status()?;
    if !checked.success() {
        return Ok(checked.into());
    }
    let uid = match resume {
        Some(selector) => Reader::open(store)?.run(selector)?.uid,
        None => new_uid(),
    };
    let log = log_file(store, &uid)?;
    let mut child = start(arguments, &uid, &log)?;
    if !await_run(store, &uid, &mut child, resume.is_some())? {
        talk(fs::read_to_string(&log).unwrap_or_default());
        return Ok(Exit::Failed);
    }
    let outcome = charts::watch(store, &uid, images)?;
    if outcome == Outcome::Gone {
        return Ok(Exit::Fine);
    }
    farewell(outcome, &mut child, &uid, &log)
}

/// The trainer's log in the run's folder, which the trainer finds already made.
fn log_file(store: &Path, uid: &str) -> Result<PathBuf> {
    let folder = run_folder(store, uid)?;
    fs::create_dir_all(&folder).with_context(|| format!("creating the run's folder {}", folder.display()))?;
    Ok(folder.join("log.txt"))
}

fn start(arguments: &[String], uid: &str, log: &Path) -> Result<Child> {
    let out = File::options().create(true).append(true).open(log)?;
    let mut command = core::command()?;
    command.arg("run").args(arguments).args(["--ui", "plain", "--uid", uid]);
    // What it says is printed again by us, and colours of others are escaped then.
    command.env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
    // Its own group: Ctrl-C on our terminal is ours to interpret.
    command.process_group(0).spawn().context("starting clip-lab-core")
}

/// Waits until the run stands in the store as live; false when the trainer ended before.
fn await_run(store: &Path, uid: &str, child: &mut Child, resumed: bool) -> Result<bool> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let row = Reader::open(store).and_then(|reader| reader.run(uid));
        if row.is_ok_and(|run| !resumed || run.status.is_live()) {
            return Ok(true);
        }
        if child.try_wait()?.is_some() {
            return Ok(Reader::open(store).and_then(|reader| reader.run(uid)).is_ok());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(true)
}

fn farewell(outcome: Outcome, child: &mut Child, uid: &str, log: &Path) -> Result<Exit> {
    if let Some(status) = child.try_wait()? {
        print(last_words(log));
        return Ok(status.into());
    }
    if outcome == Outcome::StopRequested {
        out!("stopping run {uid} at its next step, a checkpoint first ...");
        let status = child.wait()?;
        print(last_words(log));
        return Ok(status.into());
    }
    out!("run {uid} goes on by itself (process {})", child.id());
    out!("watch    clip-lab dashboard");
    out!("log      {}", log.display());
    Ok(Exit::Fine)
}

/// What the trainer said last: its summary, or why it failed.
fn last_words(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let start = text.rfind("\n\n").map_or(0, |at| at + 1);
    text[start..].to_owned()
}
