//! Caption and provenance of a chart. No timestamps: the same data give the same bytes.

use std::collections::BTreeMap;

use anyhow::Result;
use clip_lab_store::{Reader, RunRow};
use serde_json::{Value, json};

/// Maximum settings named in a caption.
const MAX_SETTINGS: usize = 5;

/// Caption and provenance of a chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChartMetadata {
    /// The caption: content, runs, differing settings, number of seeds, processing.
    pub caption: String,
    /// Provenance as JSON: runs with commit, spec, code and data.
    pub provenance: Value,
}

/// A run with its provenance and settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    row: RunRow,
    provenance: Value,
    settings: BTreeMap<String, String>,
}

impl Source {
    /// Reads them from the store.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn read(reader: &Reader, run: &RunRow) -> Result<Source> {
        let environment = reader.environment(run.id)?;
        let spec = blake3::hash(reader.spec_text(run.id)?.as_bytes()).to_hex();
        let data: BTreeMap<&String, &Value> =
            environment.extra.iter().filter(|(key, _)| key.starts_with("data.")).collect();
        let provenance = json!({
            "uid": run.uid, "name": run.name, "study": run.study, "arm": run.arm, "seed": run.seed,
            "commit": environment.git_commit, "dirty": environment.git_dirty, "spec": &spec[..16],
            "code": environment.extra.get("code"), "data": data, "versions": environment.versions,
        });
        let settings = reader.config(run.id)?.into_iter().map(|entry| (entry.key, entry.value)).collect();
        Ok(Source { row: run.clone(), provenance, settings })
    }

    fn arm(&self) -> &str {
        self.row.arm.as_deref().unwrap_or(&self.row.name)
    }
}

impl ChartMetadata {
    /// For a chart of the kind `form` that shows `what`; `notes` describe the processing. `sources` may be empty.
    pub fn new(form: &str, what: &str, sources: &[Source], notes: &[String]) -> ChartMetadata {
        let mut sentences = vec![what.to_string()];
        sentences.extend((!sources.is_empty()).then(|| runs(arms_of(sources), sources)));
        sentences.extend(differences(sources));
        sentences.extend((!notes.is_empty()).then(|| format!("Drawn: {}", notes.join("; "))));
        let caption = sentences.iter().filter(|text| !text.is_empty()).map(|text| sentence(text));
        let provenance = json!({
            "clip_lab": env!("CARGO_PKG_VERSION"), "form": form,
            "runs": sources.iter().map(|source| &source.provenance).collect::<Vec<_>>(),
        });
        ChartMetadata { caption: caption.collect::<Vec<_>>().join(" "), provenance }
    }
}

/// Adds a full stop; does not change the case.
fn sentence(text: &str) -> String {
    let dot = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{dot}", text.trim())
}

/// The arms in the order of the runs, with their numbers of seeds.
fn arms_of(sources: &[Source]) -> Vec<(&str, usize)> {
    let mut arms: Vec<(&str, usize)> = Vec::new();
    for source in sources {
        match arms.iter_mut().find(|(arm, _)| *arm == source.arm()) {
            Some((_, n)) => *n += 1,
            None => arms.push((source.arm(), 1)),
        }
    }
    arms
}

fn runs(arms: Vec<(&str, usize)>, sources: &[Source]) -> String {
    let names: Vec<&str> = arms.iter().map(|(arm, _)| *arm).collect();
    let counts: Vec<usize> = arms.iter().map(|(_, n)| *n).collect();
    let (least, most) =
        (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
    let n = if least == most { format!("n = {most}") } else { format!("n = {least} to {most}") };
    let mut studies: Vec<&str> = sources.iter().filter_map(|source| source.row.study.as_deref()).collect();
    studies.dedup();
    let of = if let [study] = studies[..] { format!(" of the study {study}") } else { String::new() };
    let each = if arms.len() == 1 { "" } else { " each" };
    format!("Runs: {}{of}, {n}{each}", names.join(", "))
}

/// The settings in which the arms differ, except for seeds.
fn differences(sources: &[Source]) -> Option<String> {
    let differing = differing(sources);
    let named: Vec<String> = differing
        .iter()
        .take(MAX_SETTINGS)
        .map(|(key, values)| format!("{key} ({})", values.join(", ")))
        .collect();
    let more = differing.len().saturating_sub(MAX_SETTINGS);
    let more = if more > 0 { format!(" and {more} more settings") } else { String::new() };
    (!named.is_empty()).then(|| format!("They differ in {}{more}", named.join(", ")))
}

/// Settings with more than one value, with the values in the order of the runs. For differing plugins only the name is
/// listed, not their other settings.
pub fn differing(sources: &[Source]) -> Vec<(String, Vec<String>)> {
    let mut keys: Vec<&String> = sources.iter().flat_map(|source| source.settings.keys()).collect();
    keys.sort();
    keys.dedup();
    let all = |key: &str| {
        let mut values: Vec<String> = sources
            .iter()
            .map(|source| source.settings.get(key).map_or("none", |v| v.trim_matches('"')).to_string())
            .collect();
        let mut seen = Vec::new();
        values.retain(|value| {
            !seen.contains(value) && {
                seen.push(value.clone());
                true
            }
        });
        values
    };
    let plugin = |key: &str| key.rsplit_once('.').map(|(table, _)| format!("{table}.plugin"));
    let rows = keys.into_iter().filter(|key| *key != "run.seed").filter_map(|key| {
        let values = all(key);
        let follows = plugin(key).is_some_and(|plugin| plugin != *key && all(&plugin).len() > 1);
        (values.len() > 1 && !follows).then(|| (key.trim_end_matches(".plugin").to_string(), values))
    });
    rows.collect()
}
