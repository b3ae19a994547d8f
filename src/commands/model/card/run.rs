//! What a card says of the run: numbers, data, provenance.

use std::fmt::Write as _;

use clip_lab_escape::markdown;

use super::thousands;
use crate::commands::model::record::{Found, Metric};

/// What was measured, with intervals over seeds where there are several.
pub fn numbers(found: &Found) -> String {
    let arm = found.metrics.iter().any(|metric| metric.seeds.is_some());
    let mut words = match arm {
        true => format!(
            "| metric | this run | mean of {} seeds | 95% interval over seeds |\n|---|---:|---:|---:|\n",
            found.seeds
        ),
        false => "| metric | this run |\n|---|---:|\n".to_owned(),
    };
    for Metric { name, value, seeds } in &found.metrics {
        let _ = write!(words, "| {} | {value:.4} |", markdown(name));
        if arm {
            let mean = seeds.map_or_else(|| "–".to_owned(), |seeds| format!("{:.4}", seeds.value));
            let interval = seeds.and_then(|seeds| seeds.interval);
            let interval =
                interval.map_or_else(|| "–".to_owned(), |one| format!("{:.4} to {:.4}", one.low, one.high));
            let _ = write!(words, " {mean} | {interval} |");
        }
        words.push('\n');
    }
    if !arm {
        words += "\nOne run, so nothing is known of what another seed would give.\n";
    }
    words
}

/// The data by fingerprint, and how much of it.
pub fn data(found: &Found) -> String {
    let mut words = "\n## Data\n\n| split | fingerprint |\n|---|---|\n".to_owned();
    for (key, value) in found.environment.extra.iter().filter(|(key, _)| key.starts_with("data.")) {
        let (split, print) = (markdown(&key["data.".len()..]), markdown(value.as_str().unwrap_or_default()));
        let _ = writeln!(words, "| {split} | {print} |");
    }
    if found.run.epoch > 0.0 {
        let pairs = (found.run.samples as f64 / found.run.epoch).round() as usize;
        let seen = thousands(found.run.samples as usize);
        let _ = writeln!(
            words,
            "\nTrained on {} pairs, {seen} seen in {:.2} epochs.",
            thousands(pairs),
            found.run.epoch
        );
    }
    for (what, count) in &found.queries {
        let _ = writeln!(words, "- {}: {} queries", markdown(what), thousands(*count));
    }
    words
}

/// Where the weights come from.
pub fn provenance(found: &Found) -> String {
    let there = &found.environment;
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut add =
        |name: &str, value: Option<String>| rows.extend(value.map(|value| (name.to_owned(), value)));
    let dirty = if there.git_dirty == Some(true) { " with changes that were not committed" } else { "" };
    add("commit", there.git_commit.as_ref().map(|commit| format!("{commit}{dirty}")));
    add("code", there.extra.get("code").and_then(|code| code.as_str()).map(str::to_owned));
    there.versions.iter().for_each(|(name, version)| add(name, Some(version.clone())));
    add("device", there.device.clone());
    add("processor", there.cpu.clone());
    add("seed", Some(found.run.seed.to_string()));
    add("study", found.run.study.clone());
    add("arm", found.run.arm.clone());
    let table: String =
        rows.iter().map(|(name, value)| format!("| {} | {} |\n", markdown(name), markdown(value))).collect();
    format!("\n## Provenance\n\n| | |\n|---|---|\n{table}")
}
