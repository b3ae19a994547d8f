//! `clip-lab-core` and libtorch.

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{accelerator::accelerator, finding::Finding};
use crate::core;

/// The longest start of the core: with a cold page cache, libtorch is 500 MB to read from disk.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const SETUP: &str = "`cargo xtask setup` downloads libtorch, and `cargo build` builds both programs against it; to use \
                     your own libtorch, set LIBTORCH when building";

/// Whether the core starts, with which libtorch and which accelerator.
pub fn core() -> Vec<Finding> {
    let started = Instant::now();
    match probe() {
        Ok(probe) => vec![libtorch(&probe, started.elapsed()), accelerator(Some(&probe))],
        Err(error) => {
            let found = format!("clip-lab-core does not start, so nothing can be trained: {error:#}");
            vec![Finding::error("libtorch", found, SETUP), accelerator(None)]
        }
    }
}

/// The output of `clip-lab-core probe`.
fn probe() -> Result<Value> {
    let mut command = core::command()?;
    let core = PathBuf::from(command.get_program());
    command.arg("probe").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = output_within(command, START_TIMEOUT).with_context(|| core.display().to_string())?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it printed no error");
        bail!("{last} ({})", output.status);
    }
    serde_json::from_slice(&output.stdout).context("its answer is of another version")
}

/// The output of a program, if it exits in time.
fn output_within(mut command: Command, timeout: Duration) -> Result<Output> {
    let (mut child, started) = (command.spawn()?, Instant::now());
    while child.try_wait()?.is_none() {
        if started.elapsed() > timeout {
            child.kill()?;
            child.wait()?;
            bail!("it did not answer for {} s", timeout.as_secs());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(child.wait_with_output()?)
}

fn libtorch(probe: &Value, took: Duration) -> Finding {
    let text = |key: &str| probe[key].as_str().unwrap_or("unknown").to_owned();
    let found = format!(
        "{} in {}; the core starts in {:.1} s, {} threads",
        text("libtorch"),
        text("folder"),
        took.as_secs_f64(),
        probe["threads"]
    );
    let details = json!({
        "version": probe["libtorch"], "folder": probe["folder"], "start_seconds": took.as_secs_f64(),
        "threads": probe["threads"],
    });
    match probe["library_of"].as_str() {
        Some(built) if !text("libtorch").starts_with(built) => {
            Finding::note("libtorch", found, format!("this build is for libtorch {built}: {SETUP}"))
                .with(details)
        }
        _ => Finding::ok("libtorch", found).with(details),
    }
}
