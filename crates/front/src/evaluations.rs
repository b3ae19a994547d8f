//! Evaluations of a run after training, as `runs show` has them.

use clip_lab_board::figure::span;
use clip_lab_store::{EvaluationRow, now_ms};

/// Each with what it was of, when, and its numbers; nothing where there are none.
pub fn table(evaluations: &[EvaluationRow]) -> String {
    if evaluations.is_empty() {
        return String::new();
    }
    let of = |row: &EvaluationRow| {
        let metrics = row.metrics.iter().map(|metric| {
            let value = metric.value.map_or("not finite".to_owned(), |value| format!("{value:.4}"));
            format!("    {:<40} {value:>10}\n", metric.name)
        });
        format!("  {}\n{}", heading(row), metrics.collect::<String>())
    };
    format!("\nEVALUATIONS AFTER TRAINING\n{}", evaluations.iter().map(of).collect::<String>())
}

fn heading(row: &EvaluationRow) -> String {
    let said = |key: &str| row.settings.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let data = said("data").unwrap_or_else(|| row.name.clone());
    let split = said("split").map_or(String::new(), |split| format!(", {split}"));
    let templates = said("templates").map_or(String::new(), |templates| format!(", templates {templates}"));
    let age = span((now_ms() - row.at_ms).max(0) as f64 / 1000.0);
    format!(
        "{data}{split} ({}), {} weights of step {}{templates}, {age} ago",
        &row.data.get(..8).unwrap_or(&row.data),
        row.weights,
        row.step
    )
}
