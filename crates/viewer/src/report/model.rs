//! The contents of a report as plain data: the source of the page, the Markdown and `data/report.json`.

use serde::Serialize;

use crate::compare::Report;

/// Version of the JSON: incremented when a field is removed or changes its meaning.
pub const VERSION: u32 = 1;

/// The contents of a report, without images.
#[derive(Debug, Clone, Serialize)]
pub struct Model {
    /// Version of the JSON.
    pub version: u32,
    /// The study, or the arms.
    pub title: String,
    /// What the study asks.
    pub question: Option<String>,
    /// The answer, in one sentence.
    pub answer: String,
    /// The comparison, as `clip-lab compare --json` prints it.
    pub comparison: Report,
    /// The settings in which arms differ.
    pub settings: Settings,
    /// The results of the arms for some queries; empty if runs recorded none.
    pub queries: Vec<Query>,
    /// Warnings, errors and non-finite values of the runs.
    #[serde(rename = "troubles")]
    pub issues: Vec<Issue>,
    /// The runs that count.
    pub runs: Vec<Run>,
    /// The captions of all drawings.
    pub figures: Vec<Caption>,
}

impl Model {
    /// The affected runs, as text.
    pub fn affected_runs(&self, issue: &Issue) -> String {
        if issue.runs.len() == self.runs.len() && self.runs.len() > 1 {
            return "all runs".to_owned();
        }
        issue.runs.join(", ")
    }
}

/// Settings in which arms differ.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Settings {
    /// The arms, in the order of the values.
    pub arms: Vec<String>,
    /// Settings that a spec, a study or `--set` sets for at least one arm.
    pub chosen: Vec<Setting>,
    /// Settings that follow from those: defaults of plugins that only some arms use, and settings of checkpoints.
    pub derived: Vec<Setting>,
    /// Settings that all arms share: chosen ones, and the most important defaults.
    pub shared: Vec<(String, String)>,
}

/// The values of a setting by arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Dotted key, such as `optimizer.lr`.
    pub key: String,
    /// One for each arm; `None` if the arm has no such setting.
    pub values: Vec<Option<String>>,
}

/// A warning or an error, and the affected runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// `error`, `warning`, ...
    pub kind: String,
    /// The message.
    pub text: String,
    /// The affected runs.
    pub runs: Vec<String>,
}

/// A run that counts, with its provenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its arm.
    pub arm: String,
    /// Its seed.
    pub seed: u64,
    /// Its uid.
    pub uid: String,
    /// The file of its spec, in `specs/`.
    pub spec_file: String,
    /// Properties by name: commit, spec, data, device, versions.
    #[serde(rename = "facts")]
    pub details: Vec<(String, String)>,
}

impl Run {
    /// A property by name.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The caption of a drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caption {
    /// The file in `figures/`, without extension.
    pub file: String,
    /// The title.
    pub title: String,
    /// The name under which the drawn metric is recorded; none for several metrics.
    pub metric: Option<String>,
    /// The text below the drawing.
    #[serde(rename = "words")]
    pub text: String,
}

impl Caption {
    /// Whether there is anything to print below the drawing.
    pub fn has_text(&self) -> bool {
        self.metric.is_some() || !self.text.is_empty()
    }
}

/// A query, with the results of the arms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Query {
    /// The query.
    pub text: String,
    /// The split that was searched.
    pub split: String,
    /// The results by arm.
    pub found: Vec<Found>,
}

impl Query {
    /// The spread of the ranks: log2 of the ratio of the worst to the best rank, times 1e6.
    pub fn spread(&self) -> u64 {
        let ranks = self.found.iter().map(|found| f64::from(found.rank));
        let (low, high) =
            ranks.fold((f64::INFINITY, 1.0_f64), |(low, high), rank| (low.min(rank), high.max(rank)));
        (1e6 * (high / low.min(high)).log2()) as u64
    }
}

/// The result of an arm for a query.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The arm.
    pub arm: String,
    /// The seed of its run.
    pub seed: u64,
    /// The rank of the first correct image, from 1.
    pub rank: u32,
    /// The top-ranked images, best first.
    pub top: Vec<FoundImage>,
}

/// A retrieved image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundImage {
    /// Its name in the data set.
    pub name: String,
    /// The digest of its thumbnail, if there is one.
    pub digest: Option<String>,
    /// Cosine similarity with the query.
    pub score: Option<f64>,
    /// Whether it is a correct answer.
    pub right: bool,
}

impl FoundImage {
    /// The file of its thumbnail in `figures/`.
    pub fn file(&self) -> String {
        format!("image-{}.jpg", super::file_name::file_name(self.digest.as_deref().unwrap_or_default()))
    }

    /// The alternative text.
    pub fn alt_text(&self) -> String {
        let score = self.score.map_or_else(String::new, |score| format!(", {}", short(score)));
        format!("{}{score}, {}", self.name, if self.right { "correct" } else { "wrong" })
    }
}

/// Two significant digits: the cosines of SigLIP are often below 0.01.
fn short(score: f64) -> String {
    match score.abs() {
        0.0 => "0".to_owned(),
        size if size < 1e-4 => format!("{score:.1e}"),
        size => {
            let decimals = (1 - size.log10().floor() as i32).max(2) as usize;
            format!("{score:.decimals$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn small_scores_keep_two_digits() {
        let shown = [0.25, 0.4567, -0.0042, 0.000_31, 2e-5, 1.0, 0.0].map(short);
        assert_eq!(shown, ["0.25", "0.46", "-0.0042", "0.00031", "2.0e-5", "1.00", "0"]);
    }
}
