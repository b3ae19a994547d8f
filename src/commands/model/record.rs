//! What the store knows of the run that an exported model comes from.

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;
use clip_lab_spec::secret;
use clip_lab_stats::{Estimate, over_seeds};
use clip_lab_store::{Environment, Goal, Reader, RunRow, Status};

use crate::train::{checkpoint, goal};

/// Runs that were replaced by later ones have this tag.
const SUPERSEDED: &str = "superseded";

/// A run with its numbers and those of its arm.
pub struct Found {
    /// The run.
    pub run: RunRow,
    /// The step of the weights.
    pub step: Option<u64>,
    /// The spec, secrets withheld.
    pub spec: String,
    /// Where and with what it ran.
    pub environment: Environment,
    /// Its numbers.
    pub metrics: Vec<Metric>,
    /// How many runs of the arm count, one a seed.
    pub seeds: usize,
    /// Number of queries by split and direction.
    pub queries: BTreeMap<String, usize>,
}

impl Found {
    /// Says so where the moving average did better on what chooses, and the raw weights were written.
    pub fn advice(&self, weights: &Path) -> Option<String> {
        let raw = weights.file_stem()? == "best";
        let [Some(own), Some(average)] = checkpoint::peek(&self.run.dir.join("last.safetensors")).ok()?.best
        else {
            return None;
        };
        let metric = self.run.goal_metric.as_ref()?;
        let better = if goal(metric) == Goal::Down { average < own } else { average > own };
        let words = format!(
            "the moving average did better on {metric} ({average:.4} against {own:.4}): --weights ema"
        );
        (raw && better).then_some(words)
    }
}

/// A number of this run, and over the seeds of its arm.
pub struct Metric {
    /// Such as `test/retrieval/t2i/hit@1`.
    pub name: String,
    /// Of this run.
    pub value: f64,
    /// Over seeds, where there are several.
    pub seeds: Option<Estimate>,
}

/// Looks up the run in whose folder the checkpoint lies; none when the store does not know it.
///
/// # Errors
/// When the store cannot be read although it is there.
pub fn gather(store: &Path, weights: Option<&Path>) -> Result<Option<Found>> {
    let Some((file, folder)) =
        weights.and_then(|file| Some((file, file.canonicalize().ok()?.parent()?.to_owned())))
    else {
        return Ok(None);
    };
    if !store.exists() {
        return Ok(None);
    }
    let reader = Reader::open(store)?;
    let runs = reader.runs()?;
    let same = |run: &&RunRow| run.dir.canonicalize().is_ok_and(|dir| dir == folder);
    let Some(run) = runs.iter().find(same).cloned() else { return Ok(None) };
    let step = checkpoint::peek(file).ok().map(|progress| progress.step);
    let ema = file.file_stem().is_some_and(|stem| stem == "best_ema");
    let siblings = siblings(&reader, &runs, &run)?;
    let values = values(&reader, &run, step, ema)?;
    let mut others = Vec::new();
    for sibling in &siblings {
        others.push(self::values(&reader, sibling, None, ema)?);
    }
    let metrics = values.into_iter().map(|(name, value)| {
        let all: Vec<f64> = others.iter().filter_map(|other| other.get(&name).copied()).collect();
        let seeds = (siblings.len() > 1 && all.len() == siblings.len()).then(|| over_seeds(&all));
        Metric { name, value, seeds }
    });
    let metrics = metrics.collect();
    let mut queries = BTreeMap::new();
    for set in reader.ranks(run.id)? {
        queries.insert(format!("{} {} {}", set.split, set.suite, set.direction), set.ranks.len());
    }
    let spec = secret::spec(&reader.spec_text(run.id)?);
    let environment = reader.environment(run.id)?;
    Ok(Some(Found { step, spec, environment, metrics, seeds: siblings.len(), queries, run }))
}

/// The finished runs of the same arm, the newest of each seed.
fn siblings(reader: &Reader, runs: &[RunRow], run: &RunRow) -> Result<Vec<RunRow>> {
    let mut by_seed: BTreeMap<u64, RunRow> = BTreeMap::new();
    if run.study.is_none() {
        return Ok(Vec::new());
    }
    for other in runs.iter().filter(|other| other.study == run.study && other.arm == run.arm) {
        let counts = other.status == Status::Finished && !by_seed.contains_key(&other.seed);
        if counts && !reader.tags(other.id)?.iter().any(|tag| tag == SUPERSEDED) {
            by_seed.insert(other.seed, other.clone());
        }
    }
    Ok(by_seed.into_values().collect())
}

/// What was measured on `val` and `test` at `step`, or where the goal was best; what was measured elsewhere only, as the
/// test is, last.
fn values(reader: &Reader, run: &RunRow, step: Option<u64>, ema: bool) -> Result<BTreeMap<String, f64>> {
    let series = reader.series(run.id)?;
    let goal = series.iter().find(|one| Some(&one.name) == run.goal_metric.as_ref());
    let step = step.or_else(|| goal?.best().map(|(_, step)| step));
    let mut found = BTreeMap::new();
    for one in &series {
        let kind = one.name.split_once('/').filter(|(split, _)| matches!(*split, "val" | "test"));
        let Some((_, rest)) = kind.filter(|(_, rest)| rest.starts_with("ema/") == ema) else { continue };
        if rest.ends_with("per_s") {
            continue;
        }
        let points = reader.points(run.id, &one.name)?;
        let at = points.iter().rev().find(|point| Some(point.step) == step).or(points.last());
        if let Some(point) = at.filter(|point| point.value.is_finite()) {
            found.insert(one.name.clone(), point.value);
        }
    }
    Ok(found)
}
