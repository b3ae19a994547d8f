//! Runs that should not be in one table: made by other code, or on other data.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clip_lab_store::Reader;
use serde_json::Value;

use super::{
    remark::{list, quoted},
    select::Arm,
};

/// What a run of an arm had: fingerprints by name.
type Facts = BTreeMap<String, Value>;

/// Sentences on `code` and `data.*`, where they differ within an arm, and on code and the data of the `splits` that are
/// measured, where they differ between arms.
///
/// # Errors
/// Those of the store.
pub fn warnings(reader: &Reader, arms: &[Arm], splits: &[&str]) -> Result<Vec<String>> {
    let (mut warnings, mut settled) = (Vec::new(), Vec::new());
    for arm in arms {
        let runs =
            arm.runs.iter().map(|run| Ok((run.seed, facts(reader, run.id)?))).collect::<Result<Vec<_>>>()?;
        let keys: BTreeSet<&String> = runs.iter().flat_map(|(_, facts)| facts.keys()).collect();
        let mixed = keys.into_iter().filter_map(|key| within(&arm.name, key, &runs));
        warnings.extend(mixed);
        settled.extend(runs.into_iter().next().map(|(_, facts)| (arm.name.as_str(), facts)));
    }
    let mut keys: Vec<String> = splits.iter().map(|split| format!("data.{split}")).collect();
    keys.push("code".to_owned());
    keys.sort();
    keys.dedup();
    warnings.extend(keys.iter().filter_map(|key| between(key, &settled)));
    Ok(warnings)
}

fn facts(reader: &Reader, run: clip_lab_store::RunId) -> Result<Facts> {
    let mut facts = reader.environment(run)?.extra;
    facts.retain(|key, _| key == "code" || key.starts_with("data."));
    Ok(facts)
}

fn within(arm: &str, key: &str, runs: &[(u64, Facts)]) -> Option<String> {
    let mut versions: Vec<(Option<&Value>, Vec<String>)> = Vec::new();
    for (seed, facts) in runs {
        let value = facts.get(key);
        match versions.iter_mut().find(|(known, _)| *known == value) {
            Some((_, seeds)) => seeds.push(seed.to_string()),
            None => versions.push((value, vec![seed.to_string()])),
        }
    }
    let word = |seeds: &[String]| if seeds.len() == 1 { "seed" } else { "seeds" };
    let told =
        versions.iter().map(|(value, seeds)| format!("{} {} {}", short(*value), word(seeds), list(seeds)));
    let told = told.collect::<Vec<_>>().join(", ");
    (versions.len() > 1).then(|| {
        format!(
            "the runs of `{arm}` differ in {} ({told}): their spread is not that of seeds alone",
            name(key)
        )
    })
}

fn between(key: &str, arms: &[(&str, Facts)]) -> Option<String> {
    let (first, facts) = arms.first()?;
    let differs = |(_, other): &&(&str, Facts)| other.get(key) != facts.get(key);
    let others: Vec<String> = arms.iter().filter(differs).map(|(arm, _)| quoted(arm)).collect();
    (!others.is_empty()).then(|| {
        format!("{} and `{first}` differ in {}: that alone may make a difference", list(&others), name(key))
    })
}

fn name(key: &str) -> String {
    match key.split_once('.') {
        Some((_, split)) => format!("their {split} data"),
        None => "the code that ran".to_owned(),
    }
}

/// The start of a fingerprint.
fn short(value: Option<&Value>) -> String {
    let words = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    words.map_or("unknown:".to_owned(), |words| format!("{}:", words.chars().take(8).collect::<String>()))
}
