//! What the numbers of a table do not say by themselves.

use clip_lab_stats::Covers;

use super::{metric::Metric, read::Sample, report::Row};

/// Remarks on a table, the gravest first.
pub fn notes(metric: &Metric, samples: &[Sample], base: Option<&Sample>, rows: &[Row]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let without: Vec<&str> = samples.iter().flat_map(|sample| &sample.without).map(String::as_str).collect();
    if !without.is_empty() {
        notes.push(format!("no finite value of {}: {}", metric.name, list(&without)));
    }
    notes.extend(one_seed(rows, base));
    notes.extend(
        base.filter(|base| base.runs.is_empty())
            .map(|base| format!("no differences: the reference {} has no run that counts", base.arm)),
    );
    if metric.ranked.is_some() {
        notes.extend(by_seeds_alone(samples));
        notes.extend(base.and_then(|base| other_queries(samples, base)));
        notes.extend(captions(samples));
    }
    notes.extend(base.and_then(|base| other_seeds(samples, base)));
    notes
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn names<'a>(samples: impl Iterator<Item = &'a Sample>) -> Vec<&'a str> {
    samples.map(|sample| sample.arm.as_str()).collect()
}

fn has(names: &[&str]) -> &'static str {
    if names.len() == 1 { "has" } else { "have" }
}

/// With one seed nobody knows what another would have given.
fn one_seed(rows: &[Row], base: Option<&Sample>) -> Vec<String> {
    let alone = |row: &&Row| row.seeds.len() == 1;
    let covered = |row: &&Row| row.mean.is_some_and(|mean| mean.covers == Some(Covers::Queries));
    let of = |covers: bool| -> Vec<&str> {
        rows.iter().filter(alone).filter(|row| covered(row) == covers).map(|row| row.arm.as_str()).collect()
    };
    let (queries, nothing) = (of(true), of(false));
    let mut notes = Vec::new();
    if !queries.is_empty() {
        let differences = match base.is_some_and(|base| queries.contains(&base.arm.as_str())) {
            true => " and of every difference",
            false => "",
        };
        notes.push(format!(
            "{} {} one seed: the interval of its mean{differences} covers the choice of queries only. It does not cover \
             training: another seed may move the number by more",
            list(&queries),
            has(&queries)
        ));
    }
    if !nothing.is_empty() {
        notes.push(format!(
            "{} {} one seed: without queries to draw from there is no interval",
            list(&nothing),
            has(&nothing)
        ));
    }
    notes
}

fn by_seeds_alone(samples: &[Sample]) -> Option<String> {
    let lacking =
        names(samples.iter().filter(|sample| !sample.runs.is_empty() && sample.outcomes().is_none()));
    (!lacking.is_empty()).then(|| {
        format!(
            "{}: not all runs kept ranks of the same queries that give this metric; compared over seeds only",
            list(&lacking)
        )
    })
}

fn other_queries(samples: &[Sample], base: &Sample) -> Option<String> {
    let ranks = base.ranks()?;
    let reference = ranks.first()?;
    let differs = |sample: &&Sample| {
        sample.ranks().is_some_and(|found| found.first().is_some_and(|found| !found.same_queries(reference)))
    };
    let other = names(samples.iter().filter(differs));
    (!other.is_empty()).then(|| {
        format!("{} answered other queries than {}; their differences are over seeds only, and of other test data", list(&other), base.arm)
    })
}

/// Captions of one picture are right or wrong together.
fn captions(samples: &[Sample]) -> Option<String> {
    let all: Vec<_> = samples.iter().filter_map(Sample::ranks).flatten().collect();
    if all.iter().any(|ranks| ranks.together.is_none()) {
        return Some(
            "captions of one picture are not independent, and pictures have different numbers of them here: intervals over \
             queries and McNemar's p are too small"
                .to_owned(),
        );
    }
    let most = all.iter().filter_map(|ranks| ranks.together).max().filter(|together| *together > 1)?;
    Some(format!(
        "queries are drawn by picture, {most} captions at a time; McNemar's test takes each caption as independent, so its p is too small"
    ))
}

fn other_seeds(samples: &[Sample], base: &Sample) -> Option<String> {
    let differs =
        |sample: &&Sample| !sample.runs.is_empty() && !base.runs.is_empty() && sample.seeds() != base.seeds();
    let other = names(samples.iter().filter(differs));
    (!other.is_empty()).then(|| {
        format!("{} {} other seeds than {}: not paired by seed", list(&other), has(&other), base.arm)
    })
}
