//! Studies: one question, the arms that answer it, and the seeds that each arm is run with.
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

use clip_lab_problem::{Problem, nearest};
use toml_edit::{Item, value};

use crate::{Change, Edit, Report, Spec};

/// What may stand at the top of a study.
pub const TOP: [&str; 10] =
    ["name", "question", "base", "metric", "seeds", "reference", "set", "drop", "add", "arm"];
/// What may stand in an `[[arm]]`.
pub const ARM: [&str; 6] = ["name", "base", "weights", "set", "drop", "add"];

/// The most arms of a study, and the most seeds.
pub(crate) const MOST: usize = 1000;

/// A study file, read: every arm has its spec.
#[derive(Debug, Clone)]
pub struct Study {
    /// The file as the user named it.
    pub file: PathBuf,
    /// What its runs are recorded under.
    pub name: String,
    /// What it asks.
    pub question: Option<String>,
    /// The metric that it is about, such as `test/retrieval/t2i/hit@1`.
    pub metric: String,
    /// The seeds that every arm is run with.
    pub seeds: Vec<u64>,
    /// The arm that the others are compared with.
    pub reference: String,
    /// The arms in the order of the file.
    pub arms: Vec<Arm>,
}

/// One of the things compared.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its name in the study.
    pub name: String,
    /// The spec that it is made from.
    pub base: PathBuf,
    /// Whether it is judged by the moving average of its weights, which its spec must keep.
    pub averaged: bool,
    text: String,
    edits: Vec<Edit>,
}

impl Study {
    /// Reads a study and the specs that it builds on.
    ///
    /// # Errors
    /// Everything wrong with the study file at once, edits that cannot be done included. What the specs say is not
    /// looked at: that is the planner's business.
    pub fn read(file: &Path) -> Result<Self, Report> {
        match crate::text_of(file) {
            Ok(text) => Self::parse(file, &text),
            Err(error) => {
                let problem = Problem::new(format!("cannot read the study: {error}"));
                Err(Report::new(&file.display().to_string(), "", vec![problem]))
            }
        }
    }

    /// Takes a study from a text; `file` says where its specs are found.
    ///
    /// # Errors
    /// As [`Study::read`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, Report> {
        read::study(file, text)
    }

    /// The arm of that name.
    ///
    /// # Errors
    /// A sentence with the names that there are.
    pub fn arm(&self, name: &str) -> Result<&Arm, String> {
        let known: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
        let near = nearest(name, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        self.arms.iter().find(|arm| arm.name == name).ok_or_else(|| {
            format!("{} has no arm `{name}`{near} (known: {})", self.file.display(), known.join(", "))
        })
    }

    /// The metric that an arm is judged by: the study's, of the moving average where the arm wants that.
    pub fn metric_of(&self, arm: &str) -> String {
        let averaged = self.arms.iter().any(|known| known.name == arm && known.averaged);
        match self.metric.split_once('/') {
            Some((split, rest)) if averaged && !rest.starts_with("ema/") => format!("{split}/ema/{rest}"),
            _ => self.metric.clone(),
        }
    }

    /// The spec of an arm with one seed: its base after the edits of the study, of the arm, and after `sets`.
    ///
    /// # Errors
    /// When the base is no TOML any more, which reading the study has ruled out.
    pub fn spec(&self, arm: &Arm, seed: u64, sets: &[String]) -> Result<Spec, Report> {
        let seed = Edit {
            by: format!("the seeds of {}", self.file.display()),
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

/// Whether a text is meant as a study: a spec has none of these at its top.
pub fn is_study(text: &str) -> bool {
    match toml::from_str::<toml::Table>(text) {
        Ok(table) => ["arm", "base", "seeds", "reference"].iter().any(|key| table.contains_key(*key)),
        Err(_) => text.lines().any(|line| line.trim_start().starts_with("[[arm]]")),
    }
}

/// TOML knows no number above 2^63; reading the study has ruled them out.
fn number(seed: u64) -> Item {
    value(i64::try_from(seed).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
