//! Records evaluations in the store, with the run of the weights.

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_cli::print_wait;
use clip_lab_plugin_api::{Evaluation, Ranks};
use clip_lab_store::{Goal, NewEvaluation, RankSet, Reader, RunRow, Store, migrate};
use serde_json::Value;

use crate::train::checkpoint;

/// A run and the evaluated weights.
pub struct RecordedRun {
    /// The run.
    pub run: RunRow,
    /// The step of the weights.
    pub step: u64,
    /// `raw` or `ema`.
    pub weights: &'static str,
}

impl RecordedRun {
    /// The run with the checkpoint in its folder; none if the store has no such run.
    ///
    /// # Errors
    /// If the store or the checkpoint exists but cannot be read.
    pub fn of(checkpoint: Option<&Path>, store: &Path) -> Result<Option<Self>> {
        let Some(file) = checkpoint.filter(|_| store.exists()) else { return Ok(None) };
        let Some(folder) = file.canonicalize()?.parent().map(Path::to_owned) else { return Ok(None) };
        let runs = Reader::open(store)?.runs()?;
        let here = |run: &RunRow| run.dir.canonicalize().is_ok_and(|dir| dir == folder);
        let Some(run) = runs.into_iter().find(here) else { return Ok(None) };
        let ema = file.file_stem().is_some_and(|stem| stem == "best_ema");
        let weights = if ema { "ema" } else { "raw" };
        Ok(Some(Self { run, step: checkpoint::read_metadata(file)?.step, weights }))
    }

    /// Records results under `name`, with the fingerprint of the `data`, the `settings` and the `goal` of each metric.
    /// Returns the evaluation's id.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn record(
        &self,
        store: &Path,
        name: &str,
        data: &str,
        settings: &Value,
        evaluations: &[Evaluation],
        goal: impl Fn(&str) -> Goal,
    ) -> Result<i64> {
        let metrics = evaluations.iter().flat_map(|one| &one.metrics);
        let new = NewEvaluation {
            name: name.to_owned(),
            step: self.step,
            weights: self.weights.to_owned(),
            data: data.to_owned(),
            settings: settings.clone(),
            metrics: metrics.map(|(metric, value)| (metric.clone(), *value, goal(metric))).collect(),
            ranks: evaluations.iter().flat_map(|one| &one.ranks).map(rank_set).collect(),
        };
        migrate(store, &|wait| print_wait(wait, wait.outcome.is_some()))?;
        Ok(Store::open(store)?.evaluate(self.run.id, &new)?)
    }
}

fn rank_set(ranks: &Ranks) -> RankSet {
    let (suite, direction) = (ranks.suite.to_owned(), ranks.direction.short().to_owned());
    RankSet { suite, direction, ranks: ranks.ranks.clone(), ..RankSet::default() }
}

/// The default name of an evaluation, from its data: `cifar10-test` for the split `test` of `data/cifar10`, or for all
/// of `data/cifar10/test`.
pub fn default_name(data: &str, split: &str) -> String {
    let mut parts: Vec<&str> =
        data.trim_end_matches(".toml").split('/').filter(|part| !part.is_empty()).collect();
    let mut name = vec![split].into_iter().filter(|split| *split != "all").collect::<Vec<_>>();
    while let Some(part) = parts.pop() {
        name.insert(0, part);
        if !matches!(part, "train" | "val" | "test" | "data") {
            break;
        }
    }
    name.dedup();
    let sanitised =
        |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    let name: String = name.join("-").trim_matches('.').chars().map(sanitised).collect();
    if is_reserved(&name) { format!("{name}-data") } else { name }
}

/// Checks a name: it must not be a prefix of training metrics, and must be one segment of a metric's name.
///
/// # Errors
/// If the name is invalid or reserved.
pub fn check_name(name: &str) -> Result<()> {
    let valid = name.chars().all(|letter| letter.is_alphanumeric() || "._-".contains(letter));
    ensure!(valid && !name.is_empty(), "--as {name}: must be letters, digits, `.`, `_` and `-`");
    ensure!(!is_reserved(name), "--as {name}: reserved for training metrics; choose another name");
    Ok(())
}

fn is_reserved(name: &str) -> bool {
    matches!(name, "" | "train" | "val" | "test" | "ema" | "system")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evaluations_are_named_after_their_data() {
        for (data, split, want) in [
            ("../data/cifar10", "test", "cifar10-test"),
            ("/data/cifar10/test/", "all", "cifar10-test"),
            ("/data/cifar10/test", "test", "cifar10-test"),
            ("experiments/lit.toml", "val", "lit-val"),
            ("flickr 8k", "all", "flickr-8k"),
            ("test", "all", "test-data"),
            (".", "all", "-data"),
        ] {
            assert_eq!(default_name(data, split), want, "{data} {split}");
        }
    }

    #[test]
    fn names_of_training_metrics_are_reserved() {
        assert!(check_name("cifar10-80").is_ok());
        for bad in ["", "test", "a/b", "a b"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
