//! Evaluations of a run after training, as text.

use clip_lab_escape::shown;
use clip_lab_store::{EvaluationRow, now_ms};

use crate::figure::span;

/// The evaluations with data, age and metrics, for `runs show`; empty if there are none.
pub fn evaluations_table(evaluations: &[EvaluationRow]) -> String {
    if evaluations.is_empty() {
        return String::new();
    }
    let now = now_ms();
    let of = |row: &EvaluationRow| {
        let metrics = row.metrics.iter().map(|metric| {
            let value = metric.value.map_or("not finite".to_owned(), |value| format!("{value:.4}"));
            format!("    {:<40} {value:>10}\n", shown(&metric.name))
        });
        let age = span((now - row.at_ms).max(0) as f64 / 1000.0);
        format!("  {}, {age} ago\n{}", shown(about(row)), metrics.collect::<String>())
    };
    format!("\nEVALUATIONS AFTER TRAINING\n{}", evaluations.iter().map(of).collect::<String>())
}

/// Describes an evaluation: data with a prefix of its fingerprint, weights, templates.
pub fn about(row: &EvaluationRow) -> String {
    let setting = |key: &str| row.settings.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let data = setting("data").unwrap_or_else(|| row.name.clone());
    let split = setting("split").map_or(String::new(), |split| format!(", {split}"));
    let templates =
        setting("templates").map_or(String::new(), |templates| format!(", templates {templates}"));
    format!(
        "{data}{split} ({}), {} weights of step {}{templates}",
        row.data.get(..8).unwrap_or(&row.data),
        row.weights,
        row.step
    )
}
