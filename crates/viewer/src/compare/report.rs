//! The result of a comparison, as `--json` prints it.

use clip_lab_stats::{Covers, Discordant, Estimate, Interval};
use clip_lab_store::Goal;
use serde::Serialize;

/// The p-value below which a difference is significant, after Holm's correction.
pub const SIGNIFICANCE_LEVEL: f64 = 0.05;

/// The result of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Version of the JSON.
    pub version: u64,
    /// The study, if it is one.
    pub study: Option<String>,
    /// The reference arm.
    pub reference: String,
    /// The number of bootstrap draws.
    pub draws: usize,
    /// One for each metric.
    pub tables: Vec<Table>,
    /// Runs that are left out or missing, with the reason.
    pub not_counted: Vec<String>,
    /// Possible problems of the whole comparison.
    pub warnings: Vec<String>,
}

/// The comparison by one metric.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// The metric.
    pub metric: String,
    /// Its unit; empty if it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The better direction.
    pub goal: Goal,
    /// One for each arm.
    pub rows: Vec<Row>,
    /// Limitations of the numbers, and what could not be computed.
    pub notes: Vec<String>,
}

/// An arm by one metric.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name.
    pub arm: String,
    /// Whether it is the reference.
    pub is_reference: bool,
    /// The seeds that count, ascending.
    pub seeds: Vec<u64>,
    /// The uid of each seed's run.
    pub runs: Vec<String>,
    /// The value of each.
    pub values: Vec<f64>,
    /// Their mean, if there are values.
    pub mean: Option<Estimate>,
    /// The 95% interval of the mean over seeds only, with fixed queries.
    pub over_seeds: Option<Interval>,
    /// The number of ranked queries, if the metric is computed from recorded ranks.
    pub queries: Option<usize>,
    /// The difference from the reference.
    pub difference: Option<Difference>,
    /// McNemar's test against the reference.
    pub mcnemar: Option<McNemar>,
    /// The cost of training.
    pub cost: Cost,
}

/// `arm - reference`.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The difference with its interval and p-value.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Whether both arms have the same seeds, so that differences are paired by seed.
    pub paired_by_seed: bool,
    /// The p-value after Holm's correction over the arms of the table.
    pub p_holm: Option<f64>,
}

/// McNemar's exact test, seed by seed.
#[derive(Debug, Clone, Serialize)]
pub struct McNemar {
    /// Combined over seeds: small only if it is small for a majority of seeds.
    pub p: f64,
    /// After Holm's correction over the arms of the table.
    pub p_holm: f64,
    /// Each seed that both arms have.
    pub seeds: Vec<McNemarSeed>,
}

/// McNemar's exact test of one seed.
#[derive(Debug, Clone, Serialize)]
pub struct McNemarSeed {
    /// The seed.
    pub seed: u64,
    /// Queries that only the arm (`first`) or only the reference (`second`) answers correctly.
    pub only: Discordant,
    /// The p-value.
    pub p: f64,
}

/// Means over the seeds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Cost {
    /// Image-text pairs seen in training.
    pub samples: Option<f64>,
    /// Training FLOPs, if every run recorded the FLOPs of a sample.
    pub flops: Option<f64>,
    /// Seconds of work, without pauses.
    pub seconds: Option<f64>,
}

impl Row {
    /// Whether the difference is significant: its p-value is below [`SIGNIFICANCE_LEVEL`], and its interval covers more
    /// than the queries of one seed.
    pub fn is_significant(&self) -> bool {
        let difference = self.difference.as_ref();
        difference.is_some_and(|found| {
            found.estimate.covers != Some(Covers::Queries)
                && found.p_holm.is_some_and(|p| p < SIGNIFICANCE_LEVEL)
        })
    }
}
