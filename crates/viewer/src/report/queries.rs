//! The results of the arms for some queries.

use std::cmp::Reverse;

use anyhow::Result;
use clip_lab_store::{Probe, Reader};

use super::model::{Found, FoundImage, Query};
use crate::compare::{Report, select::Arm};

/// The most queries to show.
const QUERIES: usize = 8;
/// The most results of all arms, to limit the size of the page.
const ANSWERS: usize = 24;

/// An arm with the recorded results of one run.
struct ArmProbe<'a> {
    arm: &'a Arm,
    seed: u64,
    probe: Probe,
}

/// The queries on which arms differ most, or, for a single arm, those with the best and the worst ranks. Empty if runs
/// recorded none.
pub fn queries(reader: &Reader, arms: &[Arm], report: &Report) -> Result<Vec<Query>> {
    let Some(table) = report.tables.first() else { return Ok(Vec::new()) };
    let mut probes = Vec::new();
    for arm in arms {
        probes.extend(last_probe(reader, arm, &table.metric)?);
    }
    let Some(first) = probes.first() else { return Ok(Vec::new()) };
    let mut found: Vec<Query> = first.probe.queries.iter().map(|text| query(text, &probes)).collect();
    let most = QUERIES.min((ANSWERS / probes.len()).max(1));
    // Stable sorts: ties keep the order of the data.
    if probes.len() > 1 {
        found.sort_by_key(|query| Reverse(query.spread()));
        found.truncate(most);
    } else {
        found.sort_by_key(|query| query.found.first().map(|found| found.rank));
        let end = found.len().saturating_sub(most / 2);
        found.drain((most / 2).min(end)..end);
    }
    Ok(found)
}

/// The last recorded results of the arm's first seed that has any, for the split and the weights of the metric.
fn last_probe<'a>(reader: &Reader, arm: &'a Arm, metric: &str) -> Result<Option<ArmProbe<'a>>> {
    let metric = arm.metric.as_deref().unwrap_or(metric);
    let split = metric.split('/').next().unwrap_or_default();
    let weights = if metric.contains("/ema/") { "ema" } else { "raw" };
    for run in &arm.runs {
        let mut probes = reader.probes(run.id)?;
        probes.retain(|probe| probe.weights == weights && !probe.queries.is_empty());
        // Use another split if this one has no recorded results.
        let of_split = probes.iter().any(|probe| probe.split == split);
        probes.retain(|probe| !of_split || probe.split == split);
        if let Some(probe) = probes.into_iter().max_by_key(|probe| probe.step) {
            return Ok(Some(ArmProbe { arm, seed: run.seed, probe }));
        }
    }
    Ok(None)
}

fn query(text: &str, probes: &[ArmProbe]) -> Query {
    let split = probes.first().map_or_else(String::new, |first| first.probe.split.clone());
    Query {
        text: text.to_owned(),
        split,
        found: probes.iter().filter_map(|probe| found(text, probe)).collect(),
    }
}

fn found(text: &str, of_arm: &ArmProbe) -> Option<Found> {
    let probe = &of_arm.probe;
    let at = probe.queries.iter().position(|query| query == text)?;
    let image = |hit: &clip_lab_store::Hit| FoundImage {
        name: hit.image.name.clone(),
        digest: hit.image.digest.clone(),
        score: Some(f64::from(hit.score)).filter(|score| score.is_finite()),
        right: hit.right,
    };
    Some(Found {
        arm: of_arm.arm.name.clone(),
        seed: of_arm.seed,
        rank: probe.rank.get(at)? + 1,
        top: probe.top.get(at)?.iter().map(image).collect(),
    })
}
