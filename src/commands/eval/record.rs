//! Evaluations kept in the store, beside the run whose weights they are of.

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_api::{Evaluation, Ranks};
use clip_lab_store::{NewEvaluation, RankSet, Reader, RunRow, Store};
use serde_json::Value;

use crate::train::{checkpoint, goal};

/// A run, and which of its weights were evaluated.
pub struct Home {
    /// The run.
    pub run: RunRow,
    /// The step of the weights.
    pub step: u64,
    /// `raw` or `ema`.
    pub weights: &'static str,
}

impl Home {
    /// The run in whose folder the checkpoint lies; none when it lies elsewhere or the store does not know the run.
    ///
    /// # Errors
    /// When the store or the checkpoint cannot be read although they are there.
    pub fn of(checkpoint: Option<&Path>, store: &Path) -> Result<Option<Self>> {
        let Some(file) = checkpoint.filter(|_| store.exists()) else { return Ok(None) };
        let Some(folder) = file.canonicalize()?.parent().map(Path::to_owned) else { return Ok(None) };
        let runs = Reader::open(store)?.runs()?;
        let here = |run: &RunRow| run.dir.canonicalize().is_ok_and(|dir| dir == folder);
        let Some(run) = runs.into_iter().find(here) else { return Ok(None) };
        let ema = file.file_stem().is_some_and(|stem| stem == "best_ema");
        let weights = if ema { "ema" } else { "raw" };
        Ok(Some(Self { run, step: checkpoint::peek(file)?.step, weights }))
    }

    /// Keeps what evaluators found under `name`; `data` is the fingerprint of what they looked at, `settings` say the rest.
    /// Answers with the number of the evaluation.
    ///
    /// # Errors
    /// Those of the store.
    pub fn keep(
        &self,
        store: &Path,
        name: &str,
        data: &str,
        settings: &Value,
        found: &[Evaluation],
    ) -> Result<i64> {
        let metrics = found.iter().flat_map(|one| &one.metrics);
        let new = NewEvaluation {
            name: name.to_owned(),
            step: self.step,
            weights: self.weights.to_owned(),
            data: data.to_owned(),
            settings: settings.clone(),
            metrics: metrics.map(|(metric, value)| (metric.clone(), *value, goal(metric))).collect(),
            ranks: found.iter().flat_map(|one| &one.ranks).map(set).collect(),
        };
        Ok(Store::open(store)?.evaluate(self.run.id, &new)?)
    }
}

fn set(ranks: &Ranks) -> RankSet {
    let (suite, direction) = (ranks.suite.to_owned(), ranks.direction.short().to_owned());
    RankSet { suite, direction, ranks: ranks.ranks.clone(), ..RankSet::default() }
}

/// What an evaluation is called after its data: `cifar10-test` for the part `test` of `data/cifar10`, or for all of
/// `data/cifar10/test`.
pub fn name_after(data: &str, split: &str) -> String {
    let mut parts: Vec<&str> =
        data.trim_end_matches(".toml").split('/').filter(|part| !part.is_empty()).collect();
    let mut words = vec![split].into_iter().filter(|split| *split != "all").collect::<Vec<_>>();
    while let Some(part) = parts.pop() {
        words.insert(0, part);
        if !matches!(part, "train" | "val" | "test" | "data") {
            break;
        }
    }
    words.dedup();
    let fitting =
        |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    let name: String = words.join("-").trim_matches('.').chars().map(fitting).collect();
    if taken(&name) { format!("{name}-data") } else { name }
}

/// Refuses a name that metrics of training begin with, or that would not read as one part of a metric's name.
///
/// # Errors
/// Says what may be.
pub fn check_name(name: &str) -> Result<()> {
    let fits = name.chars().all(|letter| letter.is_alphanumeric() || "._-".contains(letter));
    ensure!(fits && !name.is_empty(), "--as {name}: a name is of letters, digits, `.`, `_` and `-`");
    ensure!(!taken(name), "--as {name}: metrics of training begin with that; choose another name");
    Ok(())
}

fn taken(name: &str) -> bool {
    matches!(name, "" | "train" | "val" | "test" | "ema" | "system")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evaluations_are_called_after_their_data() {
        for (data, split, want) in [
            ("../data/cifar10", "test", "cifar10-test"),
            ("/data/cifar10/test/", "all", "cifar10-test"),
            ("/data/cifar10/test", "test", "cifar10-test"),
            ("experiments/lit.toml", "val", "lit-val"),
            ("flickr 8k", "all", "flickr-8k"),
            ("test", "all", "test-data"),
            (".", "all", "-data"),
        ] {
            assert_eq!(name_after(data, split), want, "{data} {split}");
        }
    }

    #[test]
    fn names_of_training_are_not_taken() {
        assert!(check_name("cifar10-80").is_ok());
        for bad in ["", "test", "a/b", "a b"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
