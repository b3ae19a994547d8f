//! Which classes were taken for which.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use clip_lab_cli::shown;
use plugins_eval::Classified;
use serde_json::{Value, json};

/// Pairs that are told.
const TOLD: usize = 10;

/// Classes and how often pictures of each were taken for each.
pub struct Confusion {
    classes: Vec<String>,
    /// Rows are what the pictures are of.
    counts: Vec<u64>,
}

/// Characters of a name as it is shown.
fn shown_width(name: &str) -> usize {
    shown(name).to_string().chars().count()
}

/// Pictures of one class that were taken for another.
struct Pair<'a> {
    of: &'a str,
    taken_for: &'a str,
    count: u64,
    all: u64,
}

impl Confusion {
    /// What a classification confused.
    pub fn new(found: &Classified, classes: &[String]) -> Self {
        Self { classes: classes.to_vec(), counts: found.confusion() }
    }

    /// The pairs that were confused most often, as lines; empty when nothing was.
    pub fn lines(&self) -> Vec<String> {
        let pairs = self.pairs();
        let widest = |of: fn(&Pair<'_>) -> usize| pairs.iter().map(of).max().unwrap_or(0);
        let (left, right) = (widest(|pair| shown_width(pair.of)), widest(|pair| shown_width(pair.taken_for)));
        let line = |pair: &Pair<'_>| {
            let Pair { of, taken_for, count, all } = pair;
            let share = 100.0 * *count as f64 / *all as f64;
            format!(
                "{:<left$}  taken for {:<right$}  {count:>6} of {all:>6}  {share:>5.1}%",
                shown(of),
                shown(taken_for)
            )
        };
        pairs.iter().map(line).collect()
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let pairs = self.pairs().into_iter().map(|pair| {
            json!({ "class": pair.of, "taken_for": pair.taken_for, "count": pair.count, "pictures": pair.all })
        });
        pairs.collect()
    }

    /// Writes everything, for whoever draws it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path, title: &str) -> Result<()> {
        let all = json!({ "version": 1, "title": title, "classes": self.classes, "counts": self.counts });
        fs::write(file, all.to_string()).with_context(|| format!("writing {}", file.display()))
    }

    fn pairs(&self) -> Vec<Pair<'_>> {
        let across = self.classes.len().max(1);
        let mut pairs = Vec::new();
        for (row, of) in self.counts.chunks(across).zip(&self.classes) {
            let all = row.iter().sum();
            let wrong = row.iter().zip(&self.classes).filter(|(count, other)| **count > 0 && *other != of);
            pairs.extend(wrong.map(|(&count, taken_for)| Pair { of, taken_for, count, all }));
        }
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.count));
        pairs.truncate(TOLD);
        pairs
    }
}
