//! The confusion matrix of a classification.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use clip_lab_cli::shown;
use plugins_eval::Classified;
use serde_json::{Value, json};

/// Number of pairs printed.
const MAX_PAIRS: usize = 10;

/// A confusion matrix with its classes.
pub struct Confusion {
    classes: Vec<String>,
    /// Row-major; rows are true classes, columns predictions.
    counts: Vec<u64>,
}

/// Displayed width of a name in characters.
fn shown_width(name: &str) -> usize {
    shown(name).to_string().chars().count()
}

/// Images of one class that were classified as another.
struct Pair<'a> {
    class: &'a str,
    predicted: &'a str,
    count: u64,
    total: u64,
}

impl Confusion {
    /// The confusion matrix of a classification.
    pub fn new(found: &Classified, classes: &[String]) -> Self {
        Self { classes: classes.to_vec(), counts: found.confusion() }
    }

    /// The most frequently confused pairs, one per line.
    pub fn lines(&self) -> Vec<String> {
        let pairs = self.pairs();
        let widest = |width: fn(&Pair<'_>) -> usize| pairs.iter().map(width).max().unwrap_or(0);
        let (left, right) =
            (widest(|pair| shown_width(pair.class)), widest(|pair| shown_width(pair.predicted)));
        let line = |pair: &Pair<'_>| {
            let Pair { class, predicted, count, total } = pair;
            let share = 100.0 * *count as f64 / *total as f64;
            format!(
                "{:<left$}  classified as {:<right$}  {count:>6} of {total:>6}  {share:>5.1}%",
                shown(class),
                shown(predicted)
            )
        };
        pairs.iter().map(line).collect()
    }

    /// The same pairs for `--json`.
    pub fn json(&self) -> Value {
        let pairs = self.pairs().into_iter().map(|pair| {
            json!({ "class": pair.class, "taken_for": pair.predicted, "count": pair.count, "pictures": pair.total })
        });
        pairs.collect()
    }

    /// Writes the whole matrix as JSON, for the binary that draws it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, file: &Path, title: &str) -> Result<()> {
        let all = json!({ "version": 1, "title": title, "classes": self.classes, "counts": self.counts });
        fs::write(file, all.to_string()).with_context(|| format!("writing {}", file.display()))
    }

    fn pairs(&self) -> Vec<Pair<'_>> {
        let columns = self.classes.len().max(1);
        let mut pairs = Vec::new();
        for (row, class) in self.counts.chunks(columns).zip(&self.classes) {
            let total = row.iter().sum();
            let wrong = row.iter().zip(&self.classes).filter(|(count, other)| **count > 0 && *other != class);
            pairs.extend(wrong.map(|(&count, predicted)| Pair { class, predicted, count, total }));
        }
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.count));
        pairs.truncate(MAX_PAIRS);
        pairs
    }
}
