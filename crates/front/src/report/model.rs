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
