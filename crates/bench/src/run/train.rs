//! Training runs of ours.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    Failure, Sample, output,
    points::{self, Point},
};
use crate::lab::Lab;

/// A run of one of the specs in `specs/`.
#[derive(Clone, Debug, Default)]
pub struct Train<'a> {
    pub spec: &'a str,
    pub set: Vec<String>,
    /// Steps that do not count, and those that do.
    pub warmup: usize,
    pub steps: usize,
    /// Leaves the number of threads to the program.
    pub default_threads: bool,
    pub env: Vec<(&'static str, String)>,
}

/// Pairs per second in training.
pub fn train(lab: &Lab, train: &Train<'_>) -> Result<Sample, Failure> {
    run(lab, train, |_| ())?;
    Ok(points::rate(&losses(lab)?, train.warmup as u64)?.into())
}

/// The loss of every step.
pub fn train_losses(lab: &Lab, train: &Train<'_>) -> Result<Vec<f64>, Failure> {
    run(lab, train, |_| ())?;
    Ok(losses(lab)?.iter().map(|point| point.value).collect())
}

/// Images per second of the locked image tower, from the first batch to the last.
pub fn features(lab: &Lab, train: &Train<'_>) -> Result<Sample, Failure> {
    let mut seen: Vec<(Instant, f64)> = Vec::new();
    run(lab, train, |line| seen.extend(images(line).map(|done| (Instant::now(), done))))?;
    let (first, last) = (seen.first().copied(), seen.last().copied());
    let (first, last) =
        first.zip(last).filter(|(a, b)| b.1 > a.1).context("no progress of features was printed")?;
    Ok(((last.1 - first.1) / (last.0 - first.0).as_secs_f64()).into())
}

/// Images done, if `line` of `--ui json` reports them.
fn images(line: &str) -> Option<f64> {
    let event: Value = serde_json::from_str(line).ok()?;
    event.get("all")?;
    event.get("images").or_else(|| event.get("pictures"))?.as_f64()
}

/// The last checkpoint of the last run.
pub fn checkpoint(lab: &Lab) -> Result<PathBuf> {
    let entries = fs::read_dir(lab.scratch("run")).context("no run")?.flatten();
    let mut files = entries.map(|entry| entry.path().join("last.safetensors"));
    files.find(|file| file.is_file()).context("the run has no checkpoint")
}

/// Runs it in a store of its own, which replaces that of the last run.
fn run(lab: &Lab, train: &Train<'_>, on_line: impl FnMut(&str)) -> Result<(), Failure> {
    let folder = lab.scratch("run");
    let _ = fs::remove_dir_all(&folder);
    let mut command = Command::new(lab.program("clip-lab-core")?);
    command.arg("run").arg(lab.spec(train.spec)).args(["--ui", "json", "--store"]).arg(store(&folder));
    let mut set = |setting: &str| {
        command.args(["--set", setting]);
    };
    set("run.device=cpu");
    set(&format!("run.steps={}", train.warmup + train.steps));
    if !train.default_threads {
        set(&format!("run.threads={}", lab.threads));
    }
    train.set.iter().for_each(|setting| set(setting));
    command.envs(train.env.iter().map(|(name, value)| (name, value)));
    output(lab, &mut command, on_line).map(drop)
}

fn store(folder: &Path) -> PathBuf {
    folder.join("s.db")
}

fn losses(lab: &Lab) -> Result<Vec<Point>, Failure> {
    let (folder, csv) = (lab.scratch("run"), lab.scratch("points.csv"));
    let store = store(&folder);
    let mut list = Command::new(lab.program("clip-lab")?);
    list.args(["runs", "list", "--json", "--store"]).arg(&store);
    let uid = uid(&output(lab, &mut list, |_| ())?)?;
    let mut export = Command::new(lab.program("clip-lab")?);
    export.args(["export", &uid, "--metric", "train/loss", "--store"]).arg(&store).arg("--out").arg(&csv);
    output(lab, &mut export, |_| ())?;
    Ok(points::read(&fs::read_to_string(&csv).context("no points were exported")?)?)
}

fn uid(list: &str) -> Result<String> {
    let list: Value = serde_json::from_str(list).context("`runs list --json`")?;
    let uid = list.pointer("/runs/0/uid").and_then(Value::as_str);
    Ok(uid.context("the store has no run")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_of_features_is_told_from_that_of_steps() {
        assert_eq!(images(r#"{"version":1,"pictures":64,"all":1280}"#), Some(64.0));
        assert_eq!(images(r#"{"version":1,"images":64,"all":1280}"#), Some(64.0));
        assert_eq!(images(r#"{"version":1,"step":1,"total":4,"loss":3.5}"#), None);
        assert_eq!(images("not JSON"), None);
    }
}
