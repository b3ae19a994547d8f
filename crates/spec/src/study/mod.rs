//! Studies: one question, the arms that are compared, and the seeds each arm runs with.
//!
//! ```toml
//! base = "lit.toml"                       # relative to the study file
//! metric = "test/retrieval/t2i/hit@1"
//! seeds = [0, 1, 2]
//! set = { "run.epochs" = 4 }              # for all arms
//! [[arm]]
//! name = "Lu"
//! [[arm]]
//! name = "no_augment"
//! drop = ["augment"]                      # then `set`, then `add`
//! set = { "optimizer.lr" = 1e-4 }
//! add.trick = [{ plugin = "ema" }]
//! ```

mod base;
mod edits;
mod fields;
mod read;

use std::path::{Path, PathBuf};

use clip_lab_diagnostics::{Problem, suggest};
use toml_edit::{Item, value};

use crate::{Change, Edit, Report, Spec};

/// Valid top-level keys of a study.
pub const TOP_KEYS: [&str; 10] =
    ["name", "question", "base", "metric", "seeds", "reference", "set", "drop", "add", "arm"];
/// Valid keys of an `[[arm]]`.
pub const ARM_KEYS: [&str; 6] = ["name", "base", "weights", "set", "drop", "add"];

/// The largest number of arms and of seeds.
pub(crate) const MAX_COUNT: usize = 1000;

/// A parsed study file; every arm has its spec.
#[derive(Debug, Clone)]
pub struct Study {
    /// The file, as given by the user.
    pub file: PathBuf,
    /// The study name recorded with its runs.
    pub name: String,
    /// The question it answers.
    pub question: Option<String>,
    /// The metric compared, such as `test/retrieval/t2i/hit@1`.
    pub metric: String,
    /// The seeds of every arm.
    pub seeds: Vec<u64>,
    /// The arm that all others are compared with.
    pub reference: String,
    /// The arms in the order of the file.
    pub arms: Vec<Arm>,
}

/// One of the variants compared.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// Its base spec.
    pub base: PathBuf,
    /// Whether it is evaluated with its averaged weights; its spec must have the trick `ema`.
    pub averaged: bool,
    text: String,
    edits: Vec<Edit>,
}

impl Study {
    /// Reads a study and its base specs.
    ///
    /// # Errors
    /// All problems of the study file at once, including failed edits. The specs themselves are not checked: the planner
    /// does that.
    pub fn read(file: &Path) -> Result<Self, Report> {
        match crate::read_spec_text(file) {
            Ok(text) => Self::parse(file, &text),
            Err(error) => {
                let problem = Problem::new(format!("cannot read the study: {error}"));
                Err(Report::new(&file.display().to_string(), "", vec![problem]))
            }
        }
    }

    /// Parses a study from text; base specs are relative to `file`.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Report> {
        read::study(file, text)
    }

    /// The arm with a name.
    ///
    /// # Errors
    /// A message that lists the arms.
    pub fn arm(&self, name: &str) -> Result<&Arm, String> {
        let known: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
        let hint =
            suggest(name, &known).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
        self.arms.iter().find(|arm| arm.name == name).ok_or_else(|| {
            format!("{} has no arm `{name}`{hint} (known: {})", self.file.display(), known.join(", "))
        })
    }

    /// The metric of an arm: the study's, of the averaged weights if the arm uses those.
    pub fn metric_of(&self, arm: &str) -> String {
        let averaged = self.arms.iter().any(|known| known.name == arm && known.averaged);
        match self.metric.split_once('/') {
            Some((split, rest)) if averaged && !rest.starts_with("ema/") => format!("{split}/ema/{rest}"),
            _ => self.metric.clone(),
        }
    }

    /// The spec of an arm with one seed: its base after the edits of the study, the arm, and `sets`.
    ///
    /// # Errors
    /// If the base is not TOML, which parsing the study has already ruled out.
    pub fn spec(&self, arm: &Arm, seed: u64, sets: &[String]) -> Result<Spec, Report> {
        let seed = Edit {
            by: format!("the seeds of {}", self.file.display()),
            layer: "seeds".into(),
            path: vec!["run".into(), "seed".into()],
            change: Change::Set(number(seed)),
        };
        let named = |set: &String| Edit::from_set(set).map_err(|why| format!("`--set {set}`: {why}"));
        let edits = arm.edits.iter().cloned().map(Ok).chain(sets.iter().map(named)).chain([Ok(seed)]);
        let base = arm.base.display().to_string();
        let mut spec = Spec::edited(&format!("{base} [arm {}]", arm.name), &arm.text, edits)?;
        spec.original.file = base;
        spec.overrides = sets.to_vec();
        Ok(spec)
    }
}

/// Whether a text is a study: a spec has none of these top-level keys.
pub fn is_study(text: &str) -> bool {
    match toml::from_str::<toml::Table>(text) {
        Ok(table) => ["arm", "base", "seeds", "reference"].iter().any(|key| table.contains_key(*key)),
        Err(_) => text.lines().any(|line| line.trim_start().starts_with("[[arm]]")),
    }
}

/// TOML has no integer above 2^63 - 1; parsing the study has ruled them out.
fn number(seed: u64) -> Item {
    value(i64::try_from(seed).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
