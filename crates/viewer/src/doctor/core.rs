//! `clip-lab-core`, libtorch and the accelerator.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::finding::Finding;
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

/// The devices of the core, and the driver of the system.
fn accelerator(probe: Option<&Value>) -> Finding {
    let driver = fs::read_to_string("/proc/driver/nvidia/version").ok();
    let driver = driver.as_deref().and_then(|text| text.lines().next()).map(|line| line.trim().to_owned());
    let devices = probe.and_then(|probe| probe["devices"].as_u64()).unwrap_or(0);
    let fault = probe.and_then(|probe| probe["cuda_fault"].as_str());
    let built = probe.and_then(|probe| probe["library_of"].as_str()).unwrap_or("of this version");
    let details = json!({ "driver": driver, "devices": devices, "cuda_fault": fault });
    let topic = "accelerator";
    match (&driver, fault) {
        (_, None) if devices > 0 => {
            Finding::ok(topic, format!("{devices} with CUDA; `device = \"auto\"` uses the first"))
        }
        (None, _) => Finding::ok(topic, "none (no NVIDIA driver): runs use the CPU"),
        (Some(driver), Some(_)) => Finding::note(
            topic,
            format!("there is a driver ({driver}), but libtorch has no CUDA support: runs use the CPU"),
            format!("set LIBTORCH to a libtorch {built} with CUDA and build again"),
        ),
        (Some(driver), None) => Finding::note(
            topic,
            format!("there is a driver ({driver}), but no device: runs use the CPU"),
            "`nvidia-smi` lists the devices of the driver; CUDA_VISIBLE_DEVICES may hide some",
        ),
    }
    .with(details)
}
