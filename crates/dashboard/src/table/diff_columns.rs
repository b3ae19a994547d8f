//! The settings in which runs differ, the most informative first.

use std::collections::{BTreeSet, HashMap};

use clip_lab_store::RunDetails;

/// The most settings shown.
const MAX_KEYS: usize = 30;
/// Settings with columns of their own.
const OWN_COLUMNS: [&str; 1] = ["run.seed"];

/// Keys of settings in which `runs` differ, ordered so that the first ones together distinguish the runs best.
///
/// Greedy: each key maximises the entropy of the groups formed with the keys before it. Ties go to the name of a
/// plugin, then to the shorter key. A hundred keys of fifty runs take about a millisecond.
pub fn diff_columns(runs: &[&RunDetails]) -> Vec<String> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.settings.keys()).collect();
    let mut open: Vec<(&String, Vec<usize>)> = keys
        .into_iter()
        .filter(|key| !OWN_COLUMNS.contains(&key.as_str()))
        .map(|key| (key, labels(runs.iter().map(|run| run.settings.get(key)))))
        .filter(|(_, labels)| labels.iter().any(|label| *label > 0))
        .collect();
    open.sort_by_key(|(key, _)| (!key.ends_with(".plugin"), key.matches('.').count(), key.len()));
    let mut groups = vec![0; runs.len()];
    let mut chosen = Vec::new();
    while chosen.len() < MAX_KEYS {
        let gain = |labels: &[usize]| entropy(&joint(&groups, labels));
        let Some(best) = first_largest(open.iter().map(|(_, labels)| gain(labels))) else { break };
        let (key, labels) = open.remove(best);
        groups = joint(&groups, &labels);
        chosen.push(key.clone());
    }
    chosen
}

/// Numbers the distinct values in order of appearance.
fn labels<T: std::hash::Hash + Eq>(values: impl Iterator<Item = T>) -> Vec<usize> {
    let mut numbers = HashMap::new();
    values
        .map(|value| {
            let next = numbers.len();
            *numbers.entry(value).or_insert(next)
        })
        .collect()
}

fn joint(a: &[usize], b: &[usize]) -> Vec<usize> {
    labels(a.iter().zip(b))
}

/// The entropy of the groups, in nats.
fn entropy(labels: &[usize]) -> f64 {
    let mut counts = vec![0.0; labels.len()];
    labels.iter().for_each(|label| counts[*label] += 1.0);
    let all = labels.len() as f64;
    counts.iter().filter(|count| **count > 0.0).map(|count| -count / all * (count / all).ln()).sum()
}

/// The index of the largest value; of nearly equal values, the first.
fn first_largest(values: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (i, value) in values.enumerate() {
        if best.is_none_or(|(_, most)| value > most + 1e-9) {
            best = Some((i, value));
        }
    }
    best.map(|(i, _)| i)
}

/// The shortest suffix of `key` that no other of `keys` has; at least two parts for a plugin, and never starting with
/// a number.
pub fn short_key(key: &str, keys: &[String]) -> String {
    let parts: Vec<&str> = key.split('.').collect();
    let least = if parts.last() == Some(&"plugin") { 2 } else { 1 };
    let ending = |n: usize| parts[parts.len().saturating_sub(n)..].join(".");
    let alone = |end: &String| {
        keys.iter().all(|other| other == key || !(other == end || other.ends_with(&format!(".{end}"))))
    };
    let whole = |end: &String| !end.starts_with(|c: char| c.is_ascii_digit());
    (least..parts.len()).map(ending).filter(whole).find(alone).unwrap_or_else(|| key.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(settings: &[(&str, &str)]) -> RunDetails {
        let settings = settings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        RunDetails { settings, ..RunDetails::default() }
    }

    #[test]
    fn keys_that_distinguish_runs_come_first_and_equal_ones_are_left_out() {
        let runs = [
            run(&[
                ("image.depth", "5"),
                ("image.plugin", "vit"),
                ("lr", "1"),
                ("same", "x"),
                ("run.seed", "0"),
            ]),
            run(&[
                ("image.depth", "5"),
                ("image.plugin", "vit"),
                ("lr", "2"),
                ("same", "x"),
                ("run.seed", "1"),
            ]),
            run(&[
                ("image.depth", "3"),
                ("image.plugin", "rn"),
                ("lr", "1"),
                ("same", "x"),
                ("run.seed", "2"),
            ]),
            run(&[("image.depth", "3"), ("image.plugin", "rn"), ("lr", "2"), ("same", "x"), ("ema", "0.9")]),
        ];
        let keys = diff_columns(&runs.iter().collect::<Vec<_>>());
        // The plugin and the depth split the runs alike; the learning rate splits the rest.
        assert_eq!(keys[..2], ["image.plugin", "lr"]);
        assert_eq!(keys.len(), 4, "{keys:?}");
        assert!(diff_columns(&[&runs[0]]).is_empty() && diff_columns(&[]).is_empty());
    }

    #[test]
    fn headings_are_as_short_as_they_can_be() {
        let keys =
            ["model.image.depth", "model.text.depth", "optimizer.lr", "loss.plugin", "augment.4.plugin"]
                .map(String::from);
        let short: Vec<String> = keys.iter().map(|key| short_key(key, &keys)).collect();
        assert_eq!(short, ["image.depth", "text.depth", "lr", "loss.plugin", "augment.4.plugin"]);
    }
}
