//! What the arms found for the same few queries.

use std::cmp::Reverse;

use anyhow::Result;
use clip_lab_store::{Probe, Reader};

use super::model::{Found, Picture, Query};
use crate::compare::{Report, select::Arm};

/// Queries shown, and answers in all: pages stay small enough to be sent.
const QUERIES: usize = 8;
const ANSWERS: usize = 24;

/// An arm with what its model saw.
struct Seen<'a> {
    arm: &'a Arm,
    seed: u64,
    probe: Probe,
}

/// The queries on which arms differ most, of a single arm those with the best and the worst ranks, with what each arm found; empty where runs recorded nothing.
///
/// # Errors
/// Those of the store.
pub fn queries(reader: &Reader, arms: &[Arm], report: &Report) -> Result<Vec<Query>> {
    let Some(table) = report.tables.first() else { return Ok(Vec::new()) };
    let mut seen = Vec::new();
    for arm in arms {
        seen.extend(last(reader, arm, &table.metric)?);
    }
    let Some(first) = seen.first() else { return Ok(Vec::new()) };
    let mut found: Vec<Query> = first.probe.queries.iter().map(|words| query(words, &seen)).collect();
    let most = QUERIES.min((ANSWERS / seen.len()).max(1));
    // Sorts are stable, so that equals stay in the order of the data.
    if seen.len() > 1 {
        found.sort_by_key(|query| Reverse(query.spread()));
        found.truncate(most);
    } else {
        found.sort_by_key(|query| query.found.first().map(|found| found.rank));
        let end = found.len().saturating_sub(most / 2);
        found.drain((most / 2).min(end)..end);
    }
    Ok(found)
}

/// The last evaluation of the arm's first seed that saw anything, on the split and by the weights that it is judged by.
fn last<'a>(reader: &Reader, arm: &'a Arm, metric: &str) -> Result<Option<Seen<'a>>> {
    let metric = arm.metric.as_deref().unwrap_or(metric);
    let split = metric.split('/').next().unwrap_or_default();
    let weights = if metric.contains("/ema/") { "ema" } else { "raw" };
    for run in &arm.runs {
        let mut probes = reader.probes(run.id)?;
        probes.retain(|probe| probe.weights == weights && !probe.queries.is_empty());
        // A split that was never shown is stood in for by another.
        let of_split = probes.iter().any(|probe| probe.split == split);
        probes.retain(|probe| !of_split || probe.split == split);
        if let Some(probe) = probes.into_iter().max_by_key(|probe| probe.step) {
            return Ok(Some(Seen { arm, seed: run.seed, probe }));
        }
    }
    Ok(None)
}

fn query(words: &str, seen: &[Seen]) -> Query {
    let split = seen.first().map_or_else(String::new, |seen| seen.probe.split.clone());
    Query {
        text: words.to_owned(),
        split,
        found: seen.iter().filter_map(|seen| found(words, seen)).collect(),
    }
}

fn found(words: &str, seen: &Seen) -> Option<Found> {
    let probe = &seen.probe;
    let at = probe.queries.iter().position(|query| query == words)?;
    let picture = |hit: &clip_lab_store::Hit| Picture {
        name: hit.picture.name.clone(),
        digest: hit.picture.digest.clone(),
        score: Some(f64::from(hit.score)).filter(|score| score.is_finite()),
        right: hit.right,
    };
    Some(Found {
        arm: seen.arm.name.clone(),
        seed: seen.seed,
        rank: probe.rank.get(at)? + 1,
        top: probe.top.get(at)?.iter().map(picture).collect(),
    })
}
