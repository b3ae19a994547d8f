//! Notes on a table that the numbers do not show.

use clip_lab_escape::code;
use clip_lab_stats::Covers;

use super::{metric::Metric, read::Sample, report::Row};

/// Notes on a table, the most important first.
pub fn notes(metric: &Metric, samples: &[Sample], base: Option<&Sample>, rows: &[Row]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let missing: Vec<&str> = samples.iter().flat_map(|sample| &sample.missing).map(String::as_str).collect();
    if !missing.is_empty() {
        notes.push(format!("No finite value of {}: {}", metric.name, missing.join(", ")));
    }
    notes.extend(samples.iter().filter_map(|sample| {
        sample
            .metric
            .as_ref()
            .map(|own| format!("{} is compared by {own}, as the study specifies", quoted(&sample.arm)))
    }));
    notes.extend(one_seed(rows, base));
    notes.extend(
        base.filter(|base| base.runs.is_empty()).map(|base| {
            format!("No differences: the reference {} has no run that counts", quoted(&base.arm))
        }),
    );
    if metric.ranked.is_some() {
        notes.extend(seeds_only(samples));
        notes.extend(base.and_then(|base| other_queries(samples, base)));
        notes.extend(captions(samples, rows));
    }
    notes.extend(base.and_then(|base| other_seeds(samples, base)));
    notes
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[impl AsRef<str>]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match &items[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// An arm in a sentence, as inline code of Markdown.
pub fn quoted(arm: &str) -> String {
    code(arm)
}

fn names<'a>(samples: impl Iterator<Item = &'a Sample>) -> Vec<String> {
    samples.map(|sample| quoted(&sample.arm)).collect()
}

fn has(names: &[String]) -> &'static str {
    if names.len() == 1 { "has" } else { "have" }
}

/// Notes on arms with one seed.
fn one_seed(rows: &[Row], base: Option<&Sample>) -> Vec<String> {
    let covered = |row: &Row| row.mean.is_some_and(|mean| mean.covers == Some(Covers::Queries));
    let of = |covers: bool| -> Vec<String> {
        let alone = rows.iter().filter(|row| row.seeds.len() == 1 && covered(row) == covers);
        alone.map(|row| quoted(&row.arm)).collect()
    };
    let (queries, nothing) = (of(true), of(false));
    let mut notes = Vec::new();
    if !queries.is_empty() {
        let all = base.is_some_and(|base| queries.contains(&quoted(&base.arm)));
        let differences = match (rows.len(), all) {
            (1, _) => "",
            (_, true) => " and of every difference",
            (_, false) => " and of its difference",
        };
        notes.push(format!(
            "{}: the interval of the mean{differences} covers the choice of queries, not training: \
             another seed may change the value by more",
            with_one_seed(&queries)
        ));
    }
    if !nothing.is_empty() {
        let names = with_one_seed(&nothing);
        notes.push(format!("{names} and no outcomes per query: the error is unknown"));
    }
    notes
}

fn with_one_seed(names: &[String]) -> String {
    let each = if names.len() == 1 { "" } else { " each" };
    format!("{} {} one seed{each}", list(names), has(names))
}

fn seeds_only(samples: &[Sample]) -> Option<String> {
    let lacking =
        names(samples.iter().filter(|sample| !sample.runs.is_empty() && sample.outcomes().is_none()));
    (!lacking.is_empty()).then(|| {
        let names = list(&lacking);
        format!(
            "Not every run of {names} has ranks of the same queries for this metric: compared over seeds only"
        )
    })
}

fn other_queries(samples: &[Sample], base: &Sample) -> Option<String> {
    let other = names(samples.iter().filter(|sample| sample.has_other_queries(base)));
    (!other.is_empty()).then(|| {
        let base = quoted(&base.arm);
        format!("{} answered other queries than {base}: the difference is not tested", list(&other))
    })
}

/// Captions of one image are correlated.
fn captions(samples: &[Sample], rows: &[Row]) -> Option<String> {
    let all: Vec<_> = samples.iter().filter_map(Sample::ranks).flatten().collect();
    let mcnemar = rows.iter().any(|row| row.mcnemar.is_some());
    if all.iter().any(|ranks| ranks.together.is_none()) {
        let also = if mcnemar { ", and McNemar's p is too small" } else { "" };
        return Some(format!(
            "Captions of one image are not independent, and images have different numbers of captions: intervals over \
             queries are too narrow{also}"
        ));
    }
    let most = all.iter().filter_map(|ranks| ranks.together).max().filter(|together| *together > 1)?;
    let but = "; McNemar's test assumes independent captions, so its p is too small";
    Some(format!("Queries are drawn by image, {most} captions at a time{}", if mcnemar { but } else { "" }))
}

fn other_seeds(samples: &[Sample], base: &Sample) -> Option<String> {
    let differs =
        |sample: &&Sample| !sample.runs.is_empty() && !base.runs.is_empty() && sample.seeds() != base.seeds();
    let other = names(samples.iter().filter(differs));
    (!other.is_empty()).then(|| {
        let base = quoted(&base.arm);
        format!("{} {} other seeds than {base}: not paired by seed", list(&other), has(&other))
    })
}
