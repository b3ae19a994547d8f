//! What a comparison found; `--json` prints it as it is.

use clip_lab_stats::{Covers, Discordant, Estimate, Interval};
use clip_lab_store::Goal;
use serde::Serialize;

/// The p-value below which a difference is marked, after Holm's correction.
pub const MARKED: f64 = 0.05;

/// Everything found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Version of the JSON.
    pub version: u64,
    /// The study, when it is one.
    pub study: Option<String>,
    /// The arm that the others are compared with.
    pub reference: String,
    /// Draws of each bootstrap.
    pub draws: usize,
    /// One for each metric.
    pub tables: Vec<Table>,
    /// Runs that were left out or are not there yet, and why.
    pub not_counted: Vec<String>,
    /// What may be wrong with the comparison as a whole.
    pub warnings: Vec<String>,
}

/// The arms by one metric.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// The metric.
    pub metric: String,
    /// Which direction is better.
    pub goal: Goal,
    /// One for each arm.
    pub rows: Vec<Row>,
    /// What the numbers do not cover, and what could not be computed.
    pub notes: Vec<String>,
}

/// One arm by one metric.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name.
    pub arm: String,
    /// Whether the others are compared with it.
    pub is_reference: bool,
    /// The seeds that count, in rising order.
    pub seeds: Vec<u64>,
    /// The uid of each seed's run.
    pub runs: Vec<String>,
    /// The value of each.
    pub values: Vec<f64>,
    /// Their mean; none without a value.
    pub mean: Option<Estimate>,
    /// The 95% interval of the mean over seeds alone, the queries held fixed.
    pub over_seeds: Option<Interval>,
    /// How many queries were ranked; none when the metric is none of ranks, or they were not kept.
    pub queries: Option<usize>,
    /// To the reference.
    pub difference: Option<Difference>,
    /// Against the reference.
    pub mcnemar: Option<McNemar>,
    /// What its training took.
    pub cost: Cost,
}

/// `arm - reference`.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The difference with its interval and p-value.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Whether both arms have the same seeds and differences were taken seed by seed.
    pub paired_by_seed: bool,
    /// The p-value after Holm's correction over the arms of the table.
    pub p_holm: Option<f64>,
}

/// McNemar's exact test, seed by seed.
#[derive(Debug, Clone, Serialize)]
pub struct McNemar {
    /// From the seeds together: small only if a majority of them is.
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
    /// Queries that only the arm (`first`), or only the reference (`second`), has right.
    pub only: Discordant,
    /// The p-value.
    pub p: f64,
}

/// Means over the seeds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Cost {
    /// Image-text pairs seen in training.
    pub samples: Option<f64>,
    /// Floating-point operations of training; none unless every run recorded what a sample takes.
    pub flops: Option<f64>,
    /// Seconds of work, pauses excluded.
    pub seconds: Option<f64>,
}

impl Row {
    /// Whether the difference is marked: below [`MARKED`], and not from the queries of a single seed.
    pub fn is_marked(&self) -> bool {
        let difference = self.difference.as_ref();
        difference.is_some_and(|found| {
            found.estimate.covers != Some(Covers::Queries) && found.p_holm.is_some_and(|p| p < MARKED)
        })
    }
}
