//! The settings in which arms differ.

use std::collections::BTreeMap;

use anyhow::Result;
use clip_lab_spec::secret;
use clip_lab_store::{ConfigEntry, Reader};

use super::model::{Setting, Settings};
use crate::compare::select::Arm;

/// Settings that differ between the runs of an arm.
const PER_RUN: [&str; 1] = ["run.seed"];

/// Settings to show even if they are defaults.
const ALWAYS_SHOWN: [&str; 16] = [
    "loss.plugin",
    "model.image.plugin",
    "model.text.plugin",
    "optimizer.betas",
    "optimizer.lr",
    "optimizer.plugin",
    "optimizer.weight_decay",
    "run.batch",
    "run.epochs",
    "run.micro_batch",
    "run.precision",
    "run.steps",
    "schedule.plugin",
    "schedule.warmup",
    "tokenizer.plugin",
    "preprocess.size",
];

/// Reads the settings in which arms differ, and those that they share.
pub fn settings(reader: &Reader, arms: &[Arm]) -> Result<Settings> {
    let read = |arm: &Arm| arm.runs.iter().map(|run| Ok(reader.config(run.id)?)).collect::<Result<Vec<_>>>();
    let read = arms.iter().map(read).collect::<Result<Vec<_>>>()?;
    // An arm without runs has no settings.
    let with_runs = arms.iter().zip(read).filter(|(_, runs)| !runs.is_empty());
    let (names, configs): (Vec<String>, Vec<Vec<Vec<ConfigEntry>>>) =
        with_runs.map(|(arm, runs)| (arm.name.clone(), runs)).unzip();
    Ok(differing(names, &configs))
}

/// The values of each setting in the runs of an arm, and whether any is not a default.
type Values = BTreeMap<String, (Vec<String>, bool)>;

fn differing(arms: Vec<String>, configs: &[Vec<Vec<ConfigEntry>>]) -> Settings {
    let values: Vec<Values> = configs.iter().map(|runs| values(runs)).collect();
    let mut keys: Vec<&String> = values.iter().flat_map(BTreeMap::keys).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut found = Settings { arms, ..Settings::default() };
    for key in keys {
        let of_arms: Vec<Option<&(Vec<String>, bool)>> = values.iter().map(|arm| arm.get(key)).collect();
        let shown: Vec<Option<String>> =
            of_arms.iter().map(|of| of.map(|(all, _)| all.join(" or "))).collect();
        let chosen = of_arms.iter().flatten().any(|(_, chosen)| *chosen);
        if shown.windows(2).all(|pair| pair[0] == pair[1]) {
            let is_shown = chosen || ALWAYS_SHOWN.contains(&key.as_str());
            let value = shown.into_iter().flatten().next().filter(|value| is_shown && value != "none");
            let value = value.filter(|value| *value != secret::value("token", ""));
            found.shared.extend(value.map(|value| (key.clone(), value)));
            continue;
        }
        let setting = Setting { key: key.clone(), values: shown };
        if chosen { found.chosen.push(setting) } else { found.derived.push(setting) }
    }
    found
}

fn values(runs: &[Vec<ConfigEntry>]) -> Values {
    let mut values = Values::new();
    for entry in runs.iter().flatten().filter(|entry| !PER_RUN.contains(&entry.key.as_str())) {
        let (all, chosen) = values.entry(entry.key.clone()).or_default();
        let value = secret::value(&entry.key, &plain(&entry.value));
        if !all.contains(&value) {
            all.push(value);
        }
        *chosen |= !matches!(entry.origin.as_str(), "default" | "checkpoint");
    }
    values
}

/// A JSON value without quotes.
fn plain(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) => "none".to_owned(),
        _ => json.replace(',', ", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, value: &str, origin: &str) -> ConfigEntry {
        ConfigEntry { key: key.into(), value: value.into(), origin: origin.into() }
    }

    #[test]
    fn only_differences_are_shown_and_chosen_settings_are_separate_from_defaults() {
        let run = |seed: &str, lr: &str| {
            vec![
                entry("run.seed", seed, "spec:1"),
                entry("optimizer.lr", lr, "spec:2"),
                entry("same", "1", "default"),
            ]
        };
        let mut other = run("0", "0.5");
        other.push(entry("trick.0.plugin", "\"ema\"", "spec:9"));
        other.push(entry("trick.0.buffers", "null", "default"));
        other.push(entry("data.train.token", "\"abc\"", "spec:3"));
        let found =
            differing(vec!["a".into(), "b".into()], &[vec![run("0", "0.1"), run("1", "0.2")], vec![other]]);
        let show = |settings: &[Setting]| -> Vec<String> {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
            settings
                .iter()
                .map(|s| format!("{}: {}", s.key, s.values.iter().map(value).collect::<Vec<_>>().join(" | ")))
                .collect()
        };
        assert_eq!(
            show(&found.chosen),
            ["data.train.token: - | withheld", "optimizer.lr: 0.1 or 0.2 | 0.5", "trick.0.plugin: - | ema"]
        );
        assert_eq!(show(&found.derived), ["trick.0.buffers: - | none"]);
        assert!(found.shared.is_empty(), "an unimportant default: {:?}", found.shared);
        let runs = [run("0", "0.1"), run("1", "0.1")].map(|run| vec![run]);
        let found = differing(vec!["a".into(), "b".into()], &runs);
        assert_eq!(found.shared, [("optimizer.lr".to_owned(), "0.1".to_owned())]);
    }
}
