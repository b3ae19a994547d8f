//! The store's record of the run that an exported model comes from.

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;
use clip_lab_spec::secret;
use clip_lab_stats::{Estimate, over_seeds};
use clip_lab_store::{Environment, Goal, Reader, RunRow, SeriesRow, Status};

use crate::train::checkpoint;

/// Tag of runs that were replaced by later ones.
const SUPERSEDED: &str = "superseded";

/// A run with its metrics and those of its arm.
pub struct RunRecord {
    /// The run.
    pub run: RunRow,
    /// The step of the weights.
    pub step: Option<u64>,
    /// The spec, without secrets.
    pub spec: String,
    /// The environment of the run.
    pub environment: Environment,
    /// Which direction of the run's goal metric is better.
    pub goal: Goal,
    /// Metrics.
    pub metrics: Vec<Metric>,
    /// Number of the arm's finished seeds.
    pub seeds: usize,
    /// Number of queries by split and direction.
    pub queries: BTreeMap<String, usize>,
}

impl RunRecord {
    /// A note if the raw weights were exported but the averaged ones have a better goal.
    pub fn advice(&self, weights: &Path) -> Option<String> {
        let raw = weights.file_stem()? == "best";
        let [Some(own), Some(average)] =
            checkpoint::read_metadata(&self.run.dir.join("last.safetensors")).ok()?.best
        else {
            return None;
        };
        let metric = self.run.goal_metric.as_ref()?;
        let better = if self.goal == Goal::Down { average < own } else { average > own };
        let message = format!(
            "the averaged weights are better on {metric} ({average:.4} versus {own:.4}): use --weights ema"
        );
        (raw && better).then_some(message)
    }
}

/// A metric of this run, and over the seeds of its arm.
pub struct Metric {
    /// Name, such as `test/retrieval/t2i/hit@1`.
    pub name: String,
    /// Value of this run.
    pub value: f64,
    /// Estimate over seeds, if there are several.
    pub seeds: Option<Estimate>,
}

/// Looks up the run with the checkpoint in its folder; none if the store has no such run.
///
/// # Errors
/// If the store exists but cannot be read.
pub fn find(store: &Path, weights: Option<&Path>) -> Result<Option<RunRecord>> {
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
    let step = checkpoint::read_metadata(file).ok().map(|progress| progress.step);
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
    let goal = goal_metric(&reader.series(run.id)?, &run).map_or(Goal::None, |series| series.goal);
    Ok(Some(RunRecord { step, spec, environment, goal, metrics, seeds: siblings.len(), queries, run }))
}

/// The series of the run's goal metric.
fn goal_metric<'s>(series: &'s [SeriesRow], run: &RunRow) -> Option<&'s SeriesRow> {
    series.iter().find(|one| Some(&one.name) == run.goal_metric.as_ref())
}

/// The newest finished run of each seed of the same arm.
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

/// The `val` and `test` metrics at `step`, or at the best goal; metrics without a value there, such as test metrics, at
/// their last step.
fn values(reader: &Reader, run: &RunRow, step: Option<u64>, ema: bool) -> Result<BTreeMap<String, f64>> {
    let series = reader.series(run.id)?;
    let step = step.or_else(|| goal_metric(&series, run)?.best().map(|(_, step)| step));
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
