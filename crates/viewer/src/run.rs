//! `clip-lab run`: on a terminal, starts the trainer as a child process with a log file and shows the dashboard;
//! elsewhere, `clip-lab-core` replaces this process and prints plain lines.

use std::{
    fs,
    io::IsTerminal as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clip_lab_cli::{Exit, eprint, out, print};
use clip_lab_dashboard::{Outcome, no_screen};
use clip_lab_store::{Reader, new_uid, run_folder};

use crate::{charts, core, store};

/// The longest time until the run is in the store. The trainer opens the data set first.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Whether standard input and output are a terminal that can show the dashboard.
pub fn can_draw() -> bool {
    on_terminal() && no_screen().is_none()
}

/// Why this terminal gets plain lines instead of the dashboard, if it does.
pub fn plain_reason() -> Option<String> {
    no_screen().filter(|_| on_terminal())
}

fn on_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// Starts `clip-lab-core run ARGUMENTS` as a child in its own process group and shows the dashboard.
///
/// `arguments` follow `run` and contain neither `--ui` nor `--uid`; `resume` is the run to resume.
///
/// # Errors
/// If the spec or `keys.toml` is invalid, the trainer does not start, or the terminal cannot show the dashboard.
pub fn with_dashboard(
    store: &Path,
    spec: &Path,
    arguments: &[String],
    resume: Option<&str>,
    images: clip_lab_cli::Images,
) -> Result<Exit> {
    // Report problems in the spec here, not in a log.
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
    let keys = charts::read_keys(store)?;
    // Here, since the trainer's messages go to a log.
    store::migrate(store)?;
    let uid = match resume {
        Some(selector) => Reader::open(store)?.run(selector)?.uid,
        None => new_uid(),
    };
    let log = log_file(store, &uid)?;
    let mut child = start(arguments, &uid, &log)?;
    if !await_run(store, &uid, &mut child, resume.is_some())? {
        eprint(fs::read_to_string(&log).unwrap_or_default());
        return Ok(Exit::Failure);
    }
    let outcome = charts::watch(store, &uid, images, keys)?;
    if outcome == Outcome::Gone {
        return Ok(Exit::Success);
    }
    report_outcome(outcome, &mut child, &uid, &log)
}

/// Creates the run's folder and returns the path of the trainer's log in it.
fn log_file(store: &Path, uid: &str) -> Result<PathBuf> {
    let folder = run_folder(store, uid)?;
    fs::create_dir_all(&folder).with_context(|| format!("creating the run's folder {}", folder.display()))?;
    Ok(folder.join("log.txt"))
}

fn start(arguments: &[String], uid: &str, log: &Path) -> Result<Child> {
    let out = clip_lab_files::append_no_follow(log).with_context(|| format!("opening {}", log.display()))?;
    let mut command = core::command()?;
    command.arg("run").args(arguments).args(["--ui", "plain", "--uid", uid]);
    // We print its output again, and foreign colour codes would be escaped.
    command.env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
    // A process group of its own: Ctrl-C is handled by this process.
    command.process_group(0).spawn().context("starting clip-lab-core")
}

/// Waits until the run is in the store as live; false if the trainer exits before that.
fn await_run(store: &Path, uid: &str, child: &mut Child, resumed: bool) -> Result<bool> {
    let started = Instant::now();
    while started.elapsed() < START_TIMEOUT {
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

fn report_outcome(outcome: Outcome, child: &mut Child, uid: &str, log: &Path) -> Result<Exit> {
    if let Some(status) = child.try_wait()? {
        print(summary(log));
        return Ok(status.into());
    }
    if outcome == Outcome::StopRequested {
        out!("stopping run {uid} at the next step, after saving a checkpoint ...");
        let status = child.wait()?;
        print(summary(log));
        return Ok(status.into());
    }
    out!("run {uid} continues in the background (process {})", child.id());
    out!("dashboard  clip-lab dashboard");
    out!("log        {}", log.display());
    Ok(Exit::Success)
}

/// The last paragraph of the log: the summary, or the error.
fn summary(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let start = text.rfind("\n\n").map_or(0, |at| at + 1);
    text[start..].to_owned()
}
