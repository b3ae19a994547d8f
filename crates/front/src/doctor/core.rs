//! The program that computes, libtorch and the accelerator.

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

/// The longest that the core may take to start: cold, libtorch is 500 MB to read from the disk.
const PATIENCE: Duration = Duration::from_secs(60);
const SET_UP: &str = "`cargo xtask setup` fetches libtorch, and `cargo build` builds both programs against it; a libtorch \
                      of your own is named by LIBTORCH when building";

/// Whether the core starts, on which libtorch, and on what it computes.
pub fn core() -> Vec<Finding> {
    let started = Instant::now();
    match asked() {
        Ok(told) => vec![libtorch(&told, started.elapsed()), accelerator(Some(&told))],
        Err(error) => {
            let found = format!("clip-lab-core does not start, so nothing can be trained: {error:#}");
            vec![Finding::broken("libtorch", found, SET_UP), accelerator(None)]
        }
    }
}

/// What the core says of itself.
fn asked() -> Result<Value> {
    let mut command = core::command()?;
    let core = PathBuf::from(command.get_program());
    command.arg("probe").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = within(command, PATIENCE).with_context(|| core.display().to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
        bail!("{last} ({})", output.status);
    }
    serde_json::from_slice(&output.stdout).context("it answers what is no answer of this version")
}

/// What a program said, if it ends in time.
fn within(mut command: Command, patience: Duration) -> Result<Output> {
    let (mut child, started) = (command.spawn()?, Instant::now());
    while child.try_wait()?.is_none() {
        if started.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            bail!("it did not answer for {} s", patience.as_secs());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(child.wait_with_output()?)
}

fn libtorch(told: &Value, took: Duration) -> Finding {
    let text = |key: &str| told[key].as_str().unwrap_or("unknown").to_owned();
    let found = format!(
        "{} in {}; the core starts in {:.1} s, {} threads",
        text("libtorch"),
        text("folder"),
        took.as_secs_f64(),
        told["threads"]
    );
    let facts = json!({
        "version": told["libtorch"], "folder": told["folder"], "start_seconds": took.as_secs_f64(),
        "threads": told["threads"],
    });
    match told["library_of"].as_str() {
        Some(built) if !text("libtorch").starts_with(built) => {
            Finding::remark("libtorch", found, format!("this build is for libtorch {built}: {SET_UP}"))
                .with(facts)
        }
        _ => Finding::good("libtorch", found).with(facts),
    }
}

/// What the core sees, against what the system has.
fn accelerator(told: Option<&Value>) -> Finding {
    let driver = fs::read_to_string("/proc/driver/nvidia/version").ok();
    let driver = driver.as_deref().and_then(|text| text.lines().next()).map(|line| line.trim().to_owned());
    let devices = told.and_then(|told| told["devices"].as_u64()).unwrap_or(0);
    let fault = told.and_then(|told| told["cuda_fault"].as_str());
    let facts = json!({ "driver": driver, "devices": devices, "cuda_fault": fault });
    let topic = "accelerator";
    match (&driver, fault) {
        (_, None) if devices > 0 => {
            Finding::good(topic, format!("{devices} with CUDA; `device = \"auto\"` takes the first"))
        }
        (None, _) => Finding::good(topic, "none, as there is no NVIDIA driver: runs use the processor"),
        (Some(driver), Some(_)) => Finding::remark(
            topic,
            format!("a driver is there ({driver}), but libtorch's CUDA half is not: runs use the processor"),
            "point LIBTORCH at a libtorch 2.11 with CUDA and build again",
        ),
        (Some(driver), None) => Finding::remark(
            topic,
            format!("a driver is there ({driver}), but no device: runs use the processor"),
            "`nvidia-smi` says what the driver sees; CUDA_VISIBLE_DEVICES may hide devices",
        ),
    }
    .with(facts)
}
