//! Warnings on runs of different code or data in one table.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clip_lab_store::Reader;
use serde_json::Value;

use super::{
    notes::{list, quoted},
    select::Arm,
};

/// The fingerprints of a run, by name.
type Fingerprints = BTreeMap<String, Value>;

/// Warnings on `code` and `data.*` that differ within an arm, and on code and the data of the compared `splits` that
/// differ between arms.
pub fn warnings(reader: &Reader, arms: &[Arm], splits: &[&str]) -> Result<Vec<String>> {
    let (mut warnings, mut first_runs) = (Vec::new(), Vec::new());
    for arm in arms {
        let runs = arm
            .runs
            .iter()
            .map(|run| Ok((run.seed, fingerprints(reader, run.id)?)))
            .collect::<Result<Vec<_>>>()?;
        let keys: BTreeSet<&String> = runs.iter().flat_map(|(_, details)| details.keys()).collect();
        warnings.extend(keys.into_iter().filter_map(|key| within(&arm.name, key, &runs)));
        first_runs.extend(runs.into_iter().next().map(|(_, details)| (arm.name.as_str(), details)));
    }
    let mut keys: Vec<String> = splits.iter().map(|split| format!("data.{split}")).collect();
    keys.push("code".to_owned());
    keys.sort();
    keys.dedup();
    warnings.extend(keys.iter().filter_map(|key| between(key, &first_runs)));
    Ok(warnings)
}

fn fingerprints(reader: &Reader, run: clip_lab_store::RunId) -> Result<Fingerprints> {
    let mut fingerprints = reader.environment(run)?.extra;
    fingerprints.retain(|key, _| key == "code" || key.starts_with("data."));
    Ok(fingerprints)
}

fn within(arm: &str, key: &str, runs: &[(u64, Fingerprints)]) -> Option<String> {
    let mut versions: Vec<(Option<&Value>, Vec<String>)> = Vec::new();
    for (seed, details) in runs {
        let value = details.get(key);
        match versions.iter_mut().find(|(version, _)| *version == value) {
            Some((_, seeds)) => seeds.push(seed.to_string()),
            None => versions.push((value, vec![seed.to_string()])),
        }
    }
    let noun = |seeds: &[String]| if seeds.len() == 1 { "seed" } else { "seeds" };
    let groups =
        versions.iter().map(|(value, seeds)| format!("{} {} {}", short(*value), noun(seeds), list(seeds)));
    let groups = groups.collect::<Vec<_>>().join(", ");
    (versions.len() > 1).then(|| {
        let (arm, name) = (quoted(arm), name(key));
        format!("the runs of {arm} differ in {name} ({groups}): their spread is not from seeds only")
    })
}

fn between(key: &str, arms: &[(&str, Fingerprints)]) -> Option<String> {
    let (first, details) = arms.first()?;
    let differs = |(_, other): &&(&str, Fingerprints)| other.get(key) != details.get(key);
    let others: Vec<String> = arms.iter().filter(differs).map(|(arm, _)| quoted(arm)).collect();
    (!others.is_empty()).then(|| {
        let (others, first, name) = (list(&others), quoted(first), name(key));
        format!("{others} and {first} differ in {name}: this may explain a difference")
    })
}

fn name(key: &str) -> String {
    match key.split_once('.') {
        Some((_, split)) => format!("their {split} data"),
        None => "their code".to_owned(),
    }
}

/// The start of a fingerprint.
fn short(value: Option<&Value>) -> String {
    let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    text.map_or("unknown:".to_owned(), |text| format!("{}:", text.chars().take(8).collect::<String>()))
}
