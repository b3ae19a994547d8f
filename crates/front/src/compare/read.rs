//! Values and ranks of the runs that count.

use anyhow::{Result, bail};
use clip_lab_board::ranked::Ranks;
use clip_lab_stats::Outcomes;
use clip_lab_store::{Goal, Reader, RunRow};
use serde_json::Value;

use super::{metric::Metric, select::Arm};

/// An arm by one metric.
pub struct Sample {
    /// The arm.
    pub arm: String,
    /// The metric, where it is judged by another than the rest.
    pub metric: Option<String>,
    /// Its runs that have the metric, by seed.
    pub runs: Vec<Measured>,
    /// Runs that lack it, in words.
    pub without: Vec<String>,
}

/// A run by one metric.
pub struct Measured {
    /// The run.
    pub row: RunRow,
    /// The last value.
    pub value: f64,
    /// The ranks that it follows from.
    pub ranks: Option<Ranks>,
    /// Floating-point operations of a training sample.
    pub flops: Option<f64>,
}

/// Reads every arm; the direction that is better as well. Arms are judged by their own metrics unless one was `asked` for.
///
/// # Errors
/// Those of the store, and when no run at all has the metric.
pub fn samples(reader: &Reader, arms: &[Arm], metric: &Metric, asked: bool) -> Result<(Vec<Sample>, Goal)> {
    let (mut samples, mut goal) = (Vec::new(), Goal::None);
    for arm in arms {
        let own = arm.metric.clone().filter(|_| !asked);
        let by = own.as_deref().map(Metric::new);
        let metric = by.as_ref().unwrap_or(metric);
        let mut sample = Sample { arm: arm.name.clone(), metric: own, runs: Vec::new(), without: Vec::new() };
        for row in &arm.runs {
            match found(reader, row, metric)? {
                Some(found) => {
                    goal = found.goal;
                    sample.runs.push(measured(reader, row, metric, found)?);
                }
                None => sample.without.push(format!("{} seed {} ({})", arm.name, row.seed, row.uid)),
            }
        }
        samples.push(sample);
    }
    if samples.iter().all(|sample| sample.runs.is_empty()) {
        bail!("{}", nothing(reader, arms, metric)?);
    }
    Ok((samples, goal))
}

/// A number, and what it is of.
struct Found {
    value: f64,
    step: u64,
    goal: Goal,
    data: Option<Value>,
}

/// What training recorded last, else what the last evaluation after it did that has the metric.
fn found(reader: &Reader, row: &RunRow, metric: &Metric) -> Result<Option<Found>> {
    let series = reader.series(row.id)?.into_iter().find(|series| series.name == metric.name);
    if let Some((series, value)) = series.and_then(|series| Some((series.clone(), series.last?))) {
        let data = reader.environment(row.id)?.extra.remove(&format!("data.{}", metric.split));
        let step = series.last_step.unwrap_or(row.step);
        return Ok(Some(Found { value, step, goal: series.goal, data }));
    }
    let evaluations = reader.evaluations(row.id)?.into_iter().rev();
    let mut there = evaluations.filter_map(|evaluation| {
        let number = evaluation.metrics.iter().find(|number| number.name == metric.name)?;
        let (value, goal) = (number.value?, number.goal);
        Some(Found { value, step: evaluation.step, goal, data: Some(evaluation.data.into()) })
    });
    Ok(there.next())
}

fn measured(reader: &Reader, row: &RunRow, metric: &Metric, found: Found) -> Result<Measured> {
    let facts = reader.environment(row.id)?.extra;
    let Found { value, step, data, .. } = found;
    Ok(Measured {
        row: row.clone(),
        value,
        ranks: Ranks::read(reader, row.id, metric, (step, value), data)?,
        flops: facts.get("train_flops_per_sample").and_then(Value::as_f64),
    })
}

/// Why there is nothing to compare.
fn nothing(reader: &Reader, arms: &[Arm], metric: &Metric) -> Result<String> {
    let Some(run) = arms.iter().find_map(|arm| arm.runs.first()) else {
        return Ok("none of these runs has finished: `clip-lab runs list` says how they stand".to_owned());
    };
    let later = reader.evaluations(run.id)?.into_iter().flat_map(|evaluation| evaluation.metrics);
    let known = reader.series(run.id)?.into_iter().map(|series| series.name);
    let known: Vec<String> = known.chain(later.map(|number| number.name)).collect();
    Ok(format!("none of these runs has the metric `{}`; {} has {}", metric.name, run.name, known.join(", ")))
}

impl Sample {
    /// The value of each seed.
    pub fn values(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.value).collect()
    }

    /// The seeds, in rising order.
    pub fn seeds(&self) -> Vec<u64> {
        self.runs.iter().map(|run| run.row.seed).collect()
    }

    /// The ranks of every seed, where all have them and of the same queries.
    pub fn ranks(&self) -> Option<Vec<&Ranks>> {
        let all: Vec<&Ranks> = self.runs.iter().map(|run| run.ranks.as_ref()).collect::<Option<_>>()?;
        all.windows(2).all(|pair| pair[0].same_queries(pair[1])).then_some(all)
    }

    /// Whether both have ranks, but of different queries.
    pub fn differs(&self, other: &Sample) -> bool {
        let first =
            |sample: &Sample| sample.ranks().and_then(|ranks| ranks.first().map(|ranks| (*ranks).clone()));
        first(self).zip(first(other)).is_some_and(|(one, other)| !one.same_queries(&other))
    }

    /// What every seed made of every query; captions of one picture together, because they are not independent.
    pub fn outcomes(&self) -> Option<Outcomes> {
        Outcomes::new(self.ranks()?.into_iter().map(Ranks::by_picture).collect())
    }
}
