//! What a report says, as plain data: the page, the Markdown and `data/report.json` are all made from this.

use serde::Serialize;

use crate::compare::Report;

/// Version of the JSON: one more whenever a field goes or changes its meaning.
pub const VERSION: u32 = 1;

/// Everything a report says, but for its pictures.
#[derive(Debug, Clone, Serialize)]
pub struct Model {
    /// Version of the JSON.
    pub version: u32,
    /// The study, or the arms.
    pub title: String,
    /// What the study asks.
    pub question: Option<String>,
    /// One sentence.
    pub answer: String,
    /// What `clip-lab compare --json` prints.
    pub comparison: Report,
    /// In which settings the arms differ.
    pub settings: Settings,
    /// What the arms found for the same few queries; empty where runs recorded nothing.
    pub queries: Vec<Query>,
    /// What happened that should not have, or that a reader must know.
    pub troubles: Vec<Trouble>,
    /// The runs that count.
    pub runs: Vec<Run>,
    /// Every drawing, in order.
    pub figures: Vec<Caption>,
}

impl Model {
    /// The runs that something happened to, in words.
    pub fn told(&self, trouble: &Trouble) -> String {
        if trouble.runs.len() == self.runs.len() && self.runs.len() > 1 {
            return "all runs".to_owned();
        }
        trouble.runs.join(", ")
    }
}

/// Settings in which arms differ.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Settings {
    /// The arms; values stand in this order.
    pub arms: Vec<String>,
    /// What a spec, a study or `--set` says for at least one of them.
    pub chosen: Vec<Setting>,
    /// What follows from those: defaults of plugins that only some arms use, and what checkpoints bring.
    pub derived: Vec<Setting>,
    /// What all arms share: what was chosen, and the settings that every reader asks for.
    pub shared: Vec<(String, String)>,
}

/// A setting of every arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Dotted key, such as `optimizer.lr`.
    pub key: String,
    /// One for each arm; none where it has no such setting.
    pub values: Vec<Option<String>>,
}

/// Something that went wrong or was remarked, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// `error`, `warning`, ...
    pub kind: String,
    /// What happened.
    pub text: String,
    /// The runs that it happened to.
    pub runs: Vec<String>,
}

/// A run that counts, and what made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its arm.
    pub arm: String,
    /// Its seed.
    pub seed: u64,
    /// Its name everywhere.
    pub uid: String,
    /// The spec that ran, beside the report.
    pub spec_file: String,
    /// Facts by name: commit, spec, data, device, versions.
    pub facts: Vec<(String, String)>,
}

impl Run {
    /// A fact by its name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What stands below a drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caption {
    /// Its file in `figures/`, without an ending.
    pub file: String,
    /// Its heading.
    pub title: String,
    /// What a reader must know.
    pub words: String,
}

/// A query, and what the arms found for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Query {
    /// The query.
    pub text: String,
    /// The split that was searched.
    pub split: String,
    /// Arm by arm.
    pub found: Vec<Found>,
}

impl Query {
    /// How far apart the arms are: the best and the worst rank, on a scale on which 1 to 2 is as far as 50 to 100.
    pub fn spread(&self) -> u64 {
        let ranks = self.found.iter().map(|found| f64::from(found.rank));
        let (low, high) =
            ranks.fold((f64::INFINITY, 1.0_f64), |(low, high), rank| (low.min(rank), high.max(rank)));
        (1e6 * (high / low.min(high)).log2()) as u64
    }
}

/// What an arm found for a query.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The arm.
    pub arm: String,
    /// The seed of its run.
    pub seed: u64,
    /// Rank of the first right picture, counted from 1.
    pub rank: u32,
    /// The pictures that fit best, the best first.
    pub top: Vec<Picture>,
}

/// A picture that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// Its name in the data set.
    pub name: String,
    /// Its thumbnail, in `figures/`; none if it could not be made.
    pub digest: Option<String>,
    /// Cosine with the query.
    pub score: Option<f64>,
    /// Whether it is a right answer.
    pub right: bool,
}

impl Picture {
    /// The file of its thumbnail in `figures/`.
    pub fn file(&self) -> String {
        format!("picture-{}.jpg", super::runs::file_name(self.digest.as_deref().unwrap_or_default()))
    }

    /// What it is, for those who cannot see it.
    pub fn words(&self) -> String {
        let score = self.score.map_or_else(String::new, |score| format!(", {}", short(score)));
        format!("{}{score}, {}", self.name, if self.right { "right" } else { "wrong" })
    }
}

/// Two digits that say something: the cosines of SigLIP are often below a hundredth.
fn short(score: f64) -> String {
    match score.abs() {
        0.0 => "0".to_owned(),
        size if size < 1e-4 => format!("{score:.1e}"),
        size => {
            let places = (1 - size.log10().floor() as i32).max(2) as usize;
            format!("{score:.places$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn small_scores_are_told_apart() {
        let shown = [0.25, 0.4567, -0.0042, 0.000_31, 2e-5, 1.0, 0.0].map(short);
        assert_eq!(shown, ["0.25", "0.46", "-0.0042", "0.00031", "2.0e-5", "1.00", "0"]);
    }
}
