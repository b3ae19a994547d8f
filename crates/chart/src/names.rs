//! Short unambiguous names of metrics, curves and runs.

use clip_lab_store::{RunRow, SeriesRow};

use crate::{layout::matches, text::clean};

/// The metrics of `recorded` that match `patterns`, in the order of the patterns, then by name.
pub fn metrics<'a>(
    patterns: &[String],
    recorded: impl Iterator<Item = &'a SeriesRow> + Clone,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for pattern in patterns {
        let mut fitting: Vec<&String> =
            recorded.clone().map(|s| &s.name).filter(|name| matches(pattern, name)).collect();
        fitting.sort();
        for name in fitting {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
    }
    found
}

/// The names without their common prefix and suffix, by path components.
pub fn short_names(metrics: &[String]) -> Vec<String> {
    let parts: Vec<Vec<&str>> = metrics.iter().map(|name| name.split('/').collect()).collect();
    let least = parts.iter().map(Vec::len).min().unwrap_or(0).saturating_sub(1);
    let front = (0..least).take_while(|i| parts.iter().all(|p| p[*i] == parts[0][*i])).count();
    let same_back = |i: &usize| parts.iter().all(|p| p[p.len() - 1 - i] == parts[0][parts[0].len() - 1 - i]);
    let back = (0..least - front.min(least)).take_while(same_back).count();
    parts.iter().map(|p| p[front..p.len() - back].join("/")).collect()
}

/// The direct label of a curve: only what distinguishes it from the others.
pub fn label(run: &str, metric: &str, runs: usize, metrics: usize) -> String {
    match (runs, metrics) {
        (_, 0 | 1) => run.to_string(),
        (1, _) => metric.to_string(),
        _ => format!("{metric} {run}"),
    }
}

/// The name of a run, with a suffix of its uid if another run of `all` has the same name.
pub fn unique(row: &RunRow, all: &[RunRow]) -> String {
    let name = clean(&row.name);
    let twins = all.iter().filter(|other| other.name == row.name).count();
    let end = row.uid.char_indices().rev().nth(3).map_or(0, |(i, _)| i);
    if twins > 1 { format!("{name}·{}", clean(&row.uid[end..])) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_contain_only_what_distinguishes_the_curves() {
        let of = |names: &[&str]| short_names(&names.iter().map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(of(&["val/retrieval/t2i/hit@1", "val/retrieval/i2t/hit@1"]), ["t2i", "i2t"]);
        assert_eq!(of(&["train/loss", "val/loss"]), ["train", "val"]);
        assert_eq!(of(&["train/loss"]), ["loss"]);
        assert_eq!(of(&["a", "a/b"]), ["a", "a/b"]);
        assert!(of(&[]).is_empty());
        assert_eq!(label("vit", "t2i", 2, 2), "t2i vit");
    }
}
