//! Provenance and problems of the runs.

use anyhow::Result;
use clip_lab_escape::thousands;
use clip_lab_spec::secret;
use clip_lab_store::{Environment, Level, Reader, RunRow};
use serde_json::Value;

use super::{
    file_name::file_name,
    model::{Issue, Run},
};
use crate::{compare::select::Arm, date::date};

/// The runs that count, with their provenance.
pub fn runs(reader: &Reader, arms: &[Arm]) -> Result<Vec<Run>> {
    let of_arm =
        |arm: &Arm| -> Result<Vec<Run>> { arm.runs.iter().map(|row| run(reader, &arm.name, row)).collect() };
    Ok(arms.iter().map(of_arm).collect::<Result<Vec<_>>>()?.concat())
}

fn run(reader: &Reader, arm: &str, row: &RunRow) -> Result<Run> {
    let digest = blake3::hash(reader.spec_text(row.id)?.as_bytes()).to_hex();
    let environment = reader.environment(row.id)?;
    let mut details =
        vec![("started".to_owned(), date(row.started_ms)), ("spec".to_owned(), digest[..16].to_owned())];
    details.extend(sizes(row, &environment));
    details.extend(self::environment(&environment));
    if row.attempt > 1 {
        details.push(("attempts".to_owned(), row.attempt.to_string()));
    }
    let spec_file =
        format!("{}-{}-{}.toml", file_name(arm), row.seed, &row.uid[row.uid.len().saturating_sub(6)..]);
    Ok(Run { arm: arm.to_owned(), seed: row.seed, uid: row.uid.clone(), spec_file, details })
}

/// Sizes of the data: recorded images by split, and pairs per epoch.
fn sizes(row: &RunRow, of: &Environment) -> Vec<(String, String)> {
    let images = |(key, value): (&String, &Value)| {
        let split = key.strip_prefix("images.")?;
        Some((format!("{split} images"), thousands(value.as_u64()?)))
    };
    let pairs = (row.samples as f64 / row.epoch).round();
    let pairs = (row.epoch > 0.0 && pairs.is_finite())
        .then(|| ("training pairs".to_owned(), thousands(pairs as u64)));
    of.extra.iter().filter_map(images).chain(pairs).collect()
}

fn environment(of: &Environment) -> Vec<(String, String)> {
    let commit = of.git_commit.clone().map(|commit| match of.git_dirty {
        Some(true) => format!("{commit} with local changes"),
        _ => commit,
    });
    let fields = [
        ("commit", commit),
        ("machine", of.host.clone()),
        ("device", of.device.clone()),
        ("processor", of.cpu.clone()),
        ("threads", of.threads.map(|threads| threads.to_string())),
    ];
    let mut details: Vec<(String, String)> =
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    details.extend(of.versions.iter().map(|(name, version)| (name.clone(), version.clone())));
    let fingerprints = of
        .extra
        .iter()
        .filter(|(key, _)| *key == "code" || key.starts_with("data.") || key.starts_with("plugin"));
    details.extend(fingerprints.map(|(key, value)| (key.clone(), text(value))));
    details.into_iter().map(|(name, value)| (name, secret::text(&value))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Warnings, errors, non-finite values and resumes, each with all runs that have it.
pub fn issues(reader: &Reader, arms: &[Arm]) -> Result<Vec<Issue>> {
    let mut found: Vec<Issue> = Vec::new();
    for arm in arms {
        for row in &arm.runs {
            let run = format!("{} seed {}", arm.name, row.seed);
            for (kind, text) in of_run(reader, row)? {
                match found.iter_mut().find(|other| other.kind == kind && other.text == text) {
                    Some(other) if other.runs.contains(&run) => {}
                    Some(other) => other.runs.push(run.clone()),
                    None => found.push(Issue { kind, text, runs: vec![run.clone()] }),
                }
            }
        }
    }
    Ok(found)
}

fn of_run(reader: &Reader, row: &RunRow) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for event in reader.events(row.id, 0)? {
        let kind = match event.level {
            Level::Info => continue,
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let step = event.step.map_or_else(String::new, |step| format!(" (step {step})"));
        found.push((kind.to_owned(), secret::text(&format!("{}{step}", event.text))));
    }
    for series in reader.series(row.id)?.iter().filter(|series| series.n_nan + series.n_inf > 0) {
        let first = series.first_bad_step.map_or_else(String::new, |step| format!(", first at step {step}"));
        let times = series.n_nan + series.n_inf;
        found.push((
            "not finite".to_owned(),
            format!("{}: {times} of {} values{first}", series.name, series.n),
        ));
    }
    if row.attempt > 1 {
        found.push(("resumed".to_owned(), format!("{} attempts", row.attempt)));
    }
    Ok(found)
}
