//! Selects the arms, and the runs that count.

mod by_name;

use std::path::Path;

use anyhow::{Result, bail, ensure};
use clip_lab_diagnostics::suggest;
use clip_lab_spec::Study;
use clip_lab_store::{Reader, RunRow, Status};

use crate::{
    InvalidInput,
    study::{SUPERSEDED, is_superseded},
};

/// The arms to compare.
pub struct Selection {
    /// The study, if it is one.
    pub study: Option<String>,
    /// The question of the study file.
    pub question: Option<String>,
    /// The metric of the study file.
    pub metric: Option<String>,
    /// The reference of the study file.
    reference: Option<String>,
    /// At least one.
    pub arms: Vec<Arm>,
    /// Runs that are left out or missing, with the reason.
    pub not_counted: Vec<String>,
}

/// An arm.
pub struct Arm {
    /// Its name.
    pub name: String,
    /// The metric of this arm, if the study sets another one for it.
    pub metric: Option<String>,
    /// The runs that count, one per seed, by ascending seed. May be empty.
    pub runs: Vec<RunRow>,
}

/// Finds the arms of `what`: a study file, the name of a study, or runs.
///
/// # Errors
/// If there is no such study or run.
pub fn select(reader: &Reader, what: &[String]) -> Result<Selection> {
    let runs = reader.runs()?;
    if let [one] = what {
        if one.ends_with(".toml") || Path::new(one).is_file() {
            let study = Study::read(Path::new(one)).map_err(InvalidInput::error)?;
            return of_study(reader, &runs, &study.name.clone(), Some(study));
        }
        if runs.iter().any(|run| run.study.as_deref() == Some(one)) {
            return of_study(reader, &runs, one, None);
        }
    }
    let (labelled, order) = by_name::arms(reader, &runs, what)?;
    let labelled = labelled.iter().map(|(arm, run)| (arm.clone(), run)).collect();
    count(reader, labelled, order)
}

impl Selection {
    /// The reference arm: the given one, that of the study, or the first.
    ///
    /// # Errors
    /// If there is no such arm.
    pub fn reference(&self, name: Option<&str>) -> Result<String> {
        let arms: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
        let name = name.or(self.reference.as_deref()).unwrap_or(arms[0]);
        let hint = suggest(name, &arms).map(|arm| format!("; did you mean `{arm}`?")).unwrap_or_default();
        ensure!(arms.contains(&name), "there is no arm `{name}`{hint} (arms: {})", arms.join(", "));
        Ok(name.to_owned())
    }
}

fn of_study(reader: &Reader, runs: &[RunRow], name: &str, file: Option<Study>) -> Result<Selection> {
    let of = runs.iter().filter(|run| run.study.as_deref() == Some(name));
    let labelled: Vec<(String, &RunRow)> =
        of.map(|run| (run.arm.clone().unwrap_or_else(|| run.name.clone()), run)).collect();
    if labelled.is_empty() {
        let how = file.map_or_else(String::new, |study| {
            format!(": `clip-lab run {}` starts them", study.file.display())
        });
        bail!("the store has no runs of the study `{name}`{how}");
    }
    let order = file.iter().flat_map(|study| &study.arms).map(|arm| arm.name.clone()).collect();
    let mut selection = count(reader, labelled, order)?;
    selection.study = Some(name.to_owned());
    if let Some(study) = file {
        for arm in &mut selection.arms {
            arm.metric = Some(study.metric_of(&arm.name)).filter(|metric| *metric != study.metric);
        }
        selection.not_counted.extend(missing(&study, runs));
        selection.question = study.question;
        (selection.metric, selection.reference) = (Some(study.metric), Some(study.reference));
    }
    Ok(selection)
}

/// Arms and seeds of the study file without a run.
fn missing(study: &Study, runs: &[RunRow]) -> Vec<String> {
    let of = |run: &&RunRow| run.study.as_deref() == Some(&study.name);
    let seeds = |arm: &str| -> Vec<u64> {
        runs.iter().filter(of).filter(|run| run.arm.as_deref() == Some(arm)).map(|run| run.seed).collect()
    };
    let lacking = study.arms.iter().flat_map(|arm| {
        let recorded = seeds(&arm.name);
        study.seeds.iter().filter(move |seed| !recorded.contains(seed)).map(|seed| (arm.name.clone(), *seed))
    });
    lacking.map(|(arm, seed)| format!("{arm} seed {seed}: not run yet")).collect()
}

/// Arms with the runs that count: for each seed, the newest finished one. Arms that are not in `order` follow, oldest
/// first.
fn count(reader: &Reader, labelled: Vec<(String, &RunRow)>, mut order: Vec<String>) -> Result<Selection> {
    let mut labelled = labelled;
    labelled.sort_by(|a, b| b.1.uid.cmp(&a.1.uid));
    for (name, _) in labelled.iter().rev() {
        if !order.contains(name) {
            order.push(name.clone());
        }
    }
    let (mut arms, mut not_counted) = (Vec::new(), Vec::new());
    for name in order {
        let mut runs: Vec<RunRow> = Vec::new();
        for (_, run) in labelled.iter().filter(|(label, _)| *label == name) {
            match exclusion(reader, run, &runs)? {
                Some(why) => not_counted.push(format!("{name} seed {} ({}): {why}", run.seed, run.uid)),
                None => runs.push((*run).clone()),
            }
        }
        runs.sort_by_key(|run| run.seed);
        arms.push(Arm { name, metric: None, runs });
    }
    Ok(Selection { study: None, question: None, metric: None, reference: None, arms, not_counted })
}

/// Why a run does not count, given the `newer` runs of its arm; `None` if it counts.
fn exclusion(reader: &Reader, run: &RunRow, newer: &[RunRow]) -> Result<Option<String>> {
    if is_superseded(reader, run)? {
        return Ok(Some(SUPERSEDED.to_owned()));
    }
    let status = run.status.as_str().replace('_', "-");
    Ok(match (run.status, &run.reason) {
        (Status::Finished, _) => newer
            .iter()
            .any(|other| other.seed == run.seed)
            .then(|| "older than another run of that seed".to_owned()),
        (_, Some(reason)) => Some(format!("{status}, {reason}")),
        (_, None) => Some(status),
    })
}
