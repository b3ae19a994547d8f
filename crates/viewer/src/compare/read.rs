//! Reads values and ranks of the runs that count.

use anyhow::{Result, bail};
use clip_lab_chart::ranked::Ranks;
use clip_lab_stats::Outcomes;
use clip_lab_store::{Goal, Reader, RunRow};
use serde_json::Value;

use super::{metric::Metric, select::Arm};

/// An arm with its values of one metric.
pub struct Sample {
    /// The arm.
    pub arm: String,
    /// The metric of this arm, if it differs from the others.
    pub metric: Option<String>,
    /// Its runs that have the metric, by seed.
    pub runs: Vec<Measured>,
    /// Runs without the metric, as text.
    pub missing: Vec<String>,
}

/// A run with its value of one metric.
pub struct Measured {
    /// The run.
    pub row: RunRow,
    /// The last value.
    pub value: f64,
    /// The ranks that the value is computed from.
    pub ranks: Option<Ranks>,
    /// Training FLOPs per sample.
    pub flops: Option<f64>,
}

/// Reads every arm, and what the metric is declared as. Arms use their own metrics, unless the user named one (`explicit`).
///
/// # Errors
/// If the store cannot be read or no run has the metric.
pub fn samples(
    reader: &Reader,
    arms: &[Arm],
    metric: &Metric,
    explicit: bool,
) -> Result<(Vec<Sample>, Declared)> {
    let (mut samples, mut declared) = (Vec::new(), Declared::default());
    for arm in arms {
        let own = arm.metric.clone().filter(|_| !explicit);
        let by = own.as_deref().map(Metric::new);
        let metric = by.as_ref().unwrap_or(metric);
        let mut sample = Sample { arm: arm.name.clone(), metric: own, runs: Vec::new(), missing: Vec::new() };
        for row in &arm.runs {
            match last_value(reader, row, metric)? {
                Some(found) => {
                    declared = found.declared.clone();
                    sample.runs.push(measured(reader, row, metric, found)?);
                }
                None => sample.missing.push(format!("{} seed {} ({})", arm.name, row.seed, row.uid)),
            }
        }
        samples.push(sample);
    }
    if samples.iter().all(|sample| sample.runs.is_empty()) {
        bail!("{}", no_values(reader, arms, metric)?);
    }
    Ok((samples, declared))
}

/// The unit and the better direction of a metric, as recorded.
#[derive(Clone, Default)]
pub struct Declared {
    /// The unit; empty if it has none.
    pub unit: String,
    /// The better direction.
    pub goal: Goal,
}

/// A value with its step, unit, direction and data.
struct MetricValue {
    value: f64,
    step: u64,
    declared: Declared,
    data: Option<Value>,
}

/// The last value from training, else from the last later evaluation that has the metric.
fn last_value(reader: &Reader, row: &RunRow, metric: &Metric) -> Result<Option<MetricValue>> {
    let series = reader.series(row.id)?.into_iter().find(|series| series.name == metric.name);
    if let Some((series, value)) = series.and_then(|series| Some((series.clone(), series.last?))) {
        let data = reader.environment(row.id)?.extra.remove(&format!("data.{}", metric.split));
        let step = series.last_step.unwrap_or(row.step);
        let declared = Declared { unit: series.unit, goal: series.goal };
        return Ok(Some(MetricValue { value, step, declared, data }));
    }
    let evaluations = reader.evaluations(row.id)?.into_iter().rev();
    let mut values = evaluations.filter_map(|evaluation| {
        let number = evaluation.metrics.iter().find(|number| number.name == metric.name)?;
        let declared = Declared { unit: String::new(), goal: number.goal };
        let (value, data) = (number.value?, Some(evaluation.data.into()));
        Some(MetricValue { value, step: evaluation.step, declared, data })
    });
    Ok(values.next())
}

fn measured(reader: &Reader, row: &RunRow, metric: &Metric, found: MetricValue) -> Result<Measured> {
    let properties = reader.environment(row.id)?.extra;
    let MetricValue { value, step, data, .. } = found;
    Ok(Measured {
        row: row.clone(),
        value,
        ranks: Ranks::read(reader, row.id, metric, (step, value), data)?,
        flops: properties.get("train_flops_per_sample").and_then(Value::as_f64),
    })
}

/// The error message if no run has the metric.
fn no_values(reader: &Reader, arms: &[Arm], metric: &Metric) -> Result<String> {
    let Some(run) = arms.iter().find_map(|arm| arm.runs.first()) else {
        return Ok("none of these runs has finished: see their status with `clip-lab runs list`".to_owned());
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

    /// The seeds, ascending.
    pub fn seeds(&self) -> Vec<u64> {
        self.runs.iter().map(|run| run.row.seed).collect()
    }

    /// The ranks of every seed, if all have ranks of the same queries.
    pub fn ranks(&self) -> Option<Vec<&Ranks>> {
        let all: Vec<&Ranks> = self.runs.iter().map(|run| run.ranks.as_ref()).collect::<Option<_>>()?;
        all.windows(2).all(|pair| pair[0].same_queries(pair[1])).then_some(all)
    }

    /// Whether both have ranks, but of different queries.
    pub fn has_other_queries(&self, other: &Sample) -> bool {
        let first =
            |sample: &Sample| sample.ranks().and_then(|ranks| ranks.first().map(|ranks| (*ranks).clone()));
        first(self).zip(first(other)).is_some_and(|(one, other)| !one.same_queries(&other))
    }

    /// The outcomes by seed and query, grouped by image, because captions of one image are not independent.
    pub fn outcomes(&self) -> Option<Outcomes> {
        Outcomes::new(self.ranks()?.into_iter().map(Ranks::by_image).collect())
    }
}
