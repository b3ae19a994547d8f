//! The sections of a card about the run: metrics, data, provenance.

use std::fmt::Write as _;

use clip_lab_escape::{markdown, thousands};

use crate::commands::model::run_record::{Metric, RunRecord};

/// The metrics, with intervals over seeds if there are several.
pub fn metrics(record: &RunRecord) -> String {
    let has_seeds = record.metrics.iter().any(|metric| metric.seeds.is_some());
    let mut section = match has_seeds {
        true => format!(
            "| metric | this run | mean of {} seeds | 95% interval over seeds |\n|---|---:|---:|---:|\n",
            record.seeds
        ),
        false => "| metric | this run |\n|---|---:|\n".to_owned(),
    };
    for Metric { name, value, seeds } in &record.metrics {
        let _ = write!(section, "| {} | {value:.4} |", markdown(name));
        if has_seeds {
            let mean = seeds.map_or_else(|| "–".to_owned(), |seeds| format!("{:.4}", seeds.value));
            let interval = seeds.and_then(|seeds| seeds.interval);
            let interval =
                interval.map_or_else(|| "–".to_owned(), |one| format!("{:.4} to {:.4}", one.low, one.high));
            let _ = write!(section, " {mean} | {interval} |");
        }
        section.push('\n');
    }
    if !has_seeds {
        section += "\nA single run: the variation over seeds is unknown.\n";
    }
    section
}

/// The fingerprints and sizes of the data.
pub fn data(record: &RunRecord) -> String {
    let mut section = "\n## Data\n\n| split | fingerprint |\n|---|---|\n".to_owned();
    for (key, value) in record.environment.extra.iter().filter(|(key, _)| key.starts_with("data.")) {
        let (split, fingerprint) =
            (markdown(&key["data.".len()..]), markdown(value.as_str().unwrap_or_default()));
        let _ = writeln!(section, "| {split} | {fingerprint} |");
    }
    if record.run.epoch > 0.0 {
        let pairs = (record.run.samples as f64 / record.run.epoch).round() as u64;
        let seen = thousands(record.run.samples);
        let _ = writeln!(
            section,
            "\nTrained on {} pairs, {seen} seen in {:.2} epochs.",
            thousands(pairs),
            record.run.epoch
        );
    }
    for (what, count) in &record.queries {
        let _ = writeln!(section, "- {}: {} queries", markdown(what), thousands(*count as u64));
    }
    section
}

/// The code, software, hardware and study of the run.
pub fn provenance(record: &RunRecord) -> String {
    let environment = &record.environment;
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut add =
        |name: &str, value: Option<String>| rows.extend(value.map(|value| (name.to_owned(), value)));
    let dirty = if environment.git_dirty == Some(true) { " with uncommitted changes" } else { "" };
    add("commit", environment.git_commit.as_ref().map(|commit| format!("{commit}{dirty}")));
    add("code", environment.extra.get("code").and_then(|code| code.as_str()).map(str::to_owned));
    environment.versions.iter().for_each(|(name, version)| add(name, Some(version.clone())));
    add("device", environment.device.clone());
    add("cpu", environment.cpu.clone());
    add("seed", Some(record.run.seed.to_string()));
    add("study", record.run.study.clone());
    add("arm", record.run.arm.clone());
    let table: String =
        rows.iter().map(|(name, value)| format!("| {} | {} |\n", markdown(name), markdown(value))).collect();
    format!("\n## Provenance\n\n| | |\n|---|---|\n{table}")
}
