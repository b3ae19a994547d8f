//! Data recorded by runs, besides results, for the forms.

use anyhow::Result;
use clip_lab_chart::export::forms::{
    layers::Rates,
    phases::Bar,
    similarity::{Matrix, Pair},
};
use clip_lab_store::{Probe, Reader, RunRow};

/// The runs of each arm, in order of first appearance.
fn arms(runs: &[RunRow]) -> Vec<(String, Vec<&RunRow>)> {
    let mut arms: Vec<(String, Vec<&RunRow>)> = Vec::new();
    for run in runs {
        let name = run.arm.clone().unwrap_or_else(|| run.name.clone());
        match arms.iter_mut().find(|(other, _)| *other == name) {
            Some((_, of)) => of.push(run),
            None => arms.push((name, vec![run])),
        }
    }
    arms
}

/// The largest learning rate of each layer, from the first run of each arm, because all seeds have the same.
pub fn rates(reader: &Reader, runs: &[RunRow]) -> Result<Vec<Rates>> {
    let mut found = Vec::new();
    for (name, runs) in arms(runs) {
        let series = reader.series(runs[0].id)?;
        let layer = |name: &str| name.strip_prefix("train/lr/").map(str::to_owned);
        let mut rates: Vec<(String, f64)> =
            series.iter().filter_map(|series| Some((layer(&series.name)?, series.max?))).collect();
        if rates.is_empty() {
            let all = series.iter().find(|series| series.name == "train/lr");
            rates.extend(all.and_then(|series| Some((String::new(), series.max?))));
        }
        found.push(Rates { name, rates });
    }
    found.retain(|arm| !arm.rates.is_empty());
    Ok(found)
}

/// Seconds by phase.
type Seconds = Vec<(String, f64)>;

/// The names of the phases, and the mean seconds of each phase over the runs of each arm.
pub fn phases(reader: &Reader, runs: &[RunRow]) -> Result<(Vec<String>, Vec<Bar>)> {
    let (mut names, mut rows) = (Vec::<String>::new(), Vec::<(String, Vec<Seconds>)>::new());
    for (name, runs) in arms(runs) {
        let each = runs.iter().map(|run| of_run(reader, run)).collect::<Result<Vec<_>>>()?;
        names.extend(each.iter().flatten().map(|(phase, _)| phase.clone()));
        rows.push((name, each));
    }
    let mut seen = Vec::new();
    names.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    // `other` comes last.
    names.sort_by_key(|name| name == "other");
    let mean = |each: &[Seconds], phase: &String| {
        let of = each.iter().map(|run| run.iter().find(|(name, _)| name == phase).map_or(0.0, |(_, s)| *s));
        of.sum::<f64>() / each.len().max(1) as f64
    };
    let bar = |(name, each): (String, Vec<Seconds>)| Bar {
        name: format!("{name} n={}", each.len()),
        seconds: names.iter().map(|phase| mean(&each, phase)).collect(),
    };
    Ok((names.clone(), rows.into_iter().map(bar).collect()))
}

/// Seconds of a run by phase. Phases are recorded per step; parts of the update replace the update.
fn of_run(reader: &Reader, run: &RunRow) -> Result<Vec<(String, f64)>> {
    let (mut phases, mut update, mut evaluation) = (Vec::new(), 0.0, 0.0);
    for series in reader.series(run.id)? {
        let phase = series.name.strip_prefix("time/").and_then(|name| name.strip_suffix("_s"));
        if phase.is_none() && !series.name.ends_with("/seconds") {
            continue;
        }
        let points = reader.points(run.id, &series.name)?;
        let values = points.iter().map(|point| point.value).filter(|value| value.is_finite());
        let sum: f64 = values.sum();
        match phase {
            None => evaluation += sum,
            Some(phase) => {
                let all = sum / points.len().max(1) as f64 * run.step as f64;
                if phase == "update" { update = all } else { phases.push((phase.replace('_', " "), all)) }
            }
        }
    }
    let parts: f64 = phases.iter().filter(|(phase, _)| phase != "data wait").map(|(_, s)| s).sum();
    if update > parts {
        phases.push((if parts > 0.0 { "rest of the update" } else { "update" }.to_owned(), update - parts));
    }
    if evaluation > 0.0 {
        phases.push(("evaluation".to_owned(), evaluation));
    }
    let known: f64 = phases.iter().map(|(_, seconds)| seconds).sum();
    let other = run.active_ms as f64 / 1000.0 - known;
    if known > 0.0 && other > 0.0 {
        phases.push(("other".to_owned(), other));
    }
    Ok(phases)
}

/// The similarity matrices of each run at the first and the last evaluation; runs without any are left out. Prefers the
/// trained weights, and `val` over `test`.
pub fn similarities(reader: &Reader, runs: &[RunRow]) -> Result<Vec<Pair>> {
    let mut found = Vec::new();
    for run in runs {
        let probes = reader.probes(run.id)?;
        let with = || probes.iter().filter(|probe| !probe.similarity.is_empty() && !probe.images.is_empty());
        let Some(best) =
            with().min_by_key(|probe| (probe.weights != "raw", probe.split != "val", probe.step))
        else {
            continue;
        };
        let same = |probe: &&Probe| {
            (&probe.split, &probe.weights) == (&best.split, &best.weights)
                && (&probe.texts, &probe.images) == (&best.texts, &best.images)
        };
        let last = with().rfind(same).unwrap_or(best);
        let name = format!("{}, {}", run.name, best.split);
        found.push(Pair { name, matrices: [best, last].map(matrix) });
    }
    Ok(found)
}

fn matrix(probe: &Probe) -> Matrix {
    let values = probe.similarity.iter().map(|value| f64::from(*value)).collect();
    Matrix { when: format!("step {}", probe.step), columns: probe.images.len(), values }
}
