//! Selects runs by a filter.

use std::collections::HashMap;

use anyhow::Result;
use clip_lab_chart::filter::{Filter, Subject};
use clip_lab_diagnostics::Problem;
use clip_lab_store::{Reader, RequiredData, RunCondition, RunDetails, RunId, RunRow, SeriesRow};

use crate::InvalidInput;

/// Settings, labels and series of many runs, read at once.
#[derive(Debug, Default)]
pub struct FilterData {
    details: HashMap<RunId, RunDetails>,
    series: HashMap<RunId, Vec<SeriesRow>>,
    empty: RunDetails,
}

impl FilterData {
    /// Reads only what `required` names of `runs`.
    pub fn read(reader: &Reader, required: &RequiredData, runs: &[RunRow]) -> Result<FilterData> {
        let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
        let mut details: HashMap<_, RunDetails> = HashMap::new();
        for (run, settings) in reader.required_settings(required, &ids)? {
            details.entry(run).or_default().settings = settings;
        }
        if required.labels {
            let [tags, notes] = reader.labels()?;
            tags.into_iter().for_each(|(run, tags)| details.entry(run).or_default().tags = tags);
            notes.into_iter().for_each(|(run, notes)| details.entry(run).or_default().notes = notes);
        }
        let series = reader.required_series(required, &ids)?;
        Ok(FilterData { details, series, empty: RunDetails::default() })
    }

    /// A run with its details, as filters and columns take it.
    pub fn subject<'a>(&'a self, row: &'a RunRow) -> Subject<'a> {
        Subject {
            row,
            details: self.details.get(&row.id).unwrap_or(&self.empty),
            series: self.series.get(&row.id).map_or(&[], Vec::as_slice),
        }
    }
}

/// The runs that match the filter `text`, newest first; at most the first `limit`. `name` is the option that it comes from.
///
/// # Errors
/// If the store cannot be read, the filter does not parse, or it names what no run has.
pub fn matching_runs(reader: &Reader, text: &str, name: &str, limit: Option<usize>) -> Result<Vec<RunRow>> {
    let filter = Filter::read(name, text).map_err(InvalidInput::error)?;
    if filter.is_empty() {
        return Ok(reader.candidates(&RunCondition::Every, limit)?);
    }
    let mut runs = reader.candidates(&filter.condition(), None)?;
    let data = FilterData::read(reader, &filter.required_data(), &runs)?;
    check_names(reader, &filter, &runs, &data)?.map_err(|problem| {
        InvalidInput::error(clip_lab_diagnostics::render(name, text, &[problem], false))
    })?;
    runs.retain(|row| filter.matches(&data.subject(row)));
    runs.truncate(limit.unwrap_or(usize::MAX));
    Ok(runs)
}

/// Checks that each name in the filter resolves in at least one run of the store: in a candidate, in an example of the name,
/// or else in any run.
fn check_names(
    reader: &Reader,
    filter: &Filter,
    candidates: &[RunRow],
    data: &FilterData,
) -> Result<Result<(), Problem>> {
    let required = filter.required_data();
    let check = |runs: &[RunRow], data: &FilterData, known: &dyn Fn() -> Vec<String>| {
        filter.check_among(runs.iter().map(|row| data.subject(row)), known)
    };
    // Without runs every name is accepted, which is right only for an empty store.
    let resolve = |runs: &[RunRow], data: &FilterData| {
        !runs.is_empty() && check(runs, data, &Vec::<String>::new).is_ok()
    };
    if required.names.is_empty() || resolve(candidates, data) {
        return Ok(Ok(()));
    }
    let examples = [reader.examples(&required)?.as_slice(), candidates].concat();
    if resolve(&examples, &FilterData::read(reader, &required, &examples)?) {
        return Ok(Ok(()));
    }
    let all = reader.runs()?;
    let data = FilterData::read(reader, &required, &all)?;
    Ok(check(&all, &data, &|| reader.names().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use clip_lab_store::{ConfigEntry, NewRun, Recorder, Status, Store, Tick, new_uid};
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    /// Keys that are suffixes of each other, differ only in case, or contain characters special in SQL.
    const KEYS: [&str; 10] = [
        "lr",
        "optimizer.lr",
        "Optimizer.LR",
        "trick.0.lr",
        "a%b",
        "a_b.lr",
        "x.a_b",
        "optimizer.lr.é",
        ".",
        "q\"'q",
    ];
    const METRICS: [&str; 9] = [
        "train/loss",
        "val/loss",
        "val/retrieval/t2i/hit@1",
        "test/retrieval/t2i/hit@1",
        "hit@1",
        "LOSS",
        "a%b",
        "x/é/y",
        "val/ema/loss",
    ];
    const VALUES: [&str; 8] =
        ["1e-4", "0.1", "\"vit\"", "null", "true", "\"Größe\"", "-inf", "\"\u{212A}elvin\""];

    /// Runs, each with some of the names.
    fn store() -> (TempDir, Reader) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lab.db");
        for number in 0..12_usize {
            let uid = new_uid();
            let has = |at: usize| !(number * 7 + at * 5).is_multiple_of(3);
            let keys = KEYS.iter().enumerate().filter(|(at, _)| has(*at));
            let entry = |(at, key): (usize, &&str)| ConfigEntry {
                key: (*key).into(),
                value: VALUES[(number + at) % VALUES.len()].into(),
                origin: "default".into(),
            };
            let run = NewRun {
                uid,
                // The Kelvin sign: its lower case is the ASCII letter.
                name: ["lit", "clip", "LIT-big", "\u{212A}elvin"][number % 4].into(),
                study: (number % 2 == 0).then(|| "tricks".into()),
                arm: (number % 2 == 0).then(|| "ema".into()),
                seed: if number == 5 { u64::MAX } else { number as u64 % 4 },
                total_steps: (number % 5 > 0).then_some(number as u64),
                goal_metric: (number % 4 > 0).then(|| METRICS[2 + number % 2].into()),
                config: keys.map(entry).collect(),
                ..NewRun::default()
            };
            let recorder = Recorder::start(&path, run).unwrap();
            for (at, metric) in METRICS.iter().enumerate().filter(|(at, _)| has(at + 1)) {
                let value = if (number + at) % 5 == 0 { f64::NAN } else { (number + at) as f64 / 10.0 };
                recorder.log(Tick { step: 1 + at as u64, epoch: 0.5, samples: 8 }, &[(metric, value)]);
            }
            let end = [Status::Finished, Status::Failed, Status::Interrupted][number % 3];
            recorder.finish(end, Some("a reason"));
            if number % 3 == 0 {
                let store = Store::open(&path).unwrap();
                let id = store.reader().unwrap().runs().unwrap()[0].id;
                store.tag(id, "Paper").unwrap();
                store.note(id, "the rate is too small").unwrap();
            }
        }
        let reader = Reader::open(&path).unwrap();
        (folder, reader)
    }

    /// The same filter, evaluated on all data of all runs.
    fn in_memory(reader: &Reader, text: &str) -> Result<Vec<String>, String> {
        let filter = Filter::read("--filter", text)?;
        let all = reader.runs().unwrap();
        let ids: Vec<_> = all.iter().map(|run| run.id).collect();
        let details = reader.details(&ids).unwrap();
        let series: Vec<_> = ids.iter().map(|id| reader.series(*id).unwrap()).collect();
        let subjects: Vec<Subject> = all
            .iter()
            .zip(&series)
            .map(|(row, series)| Subject { row, details: &details[&row.id], series })
            .collect();
        filter
            .check(subjects.iter().copied())
            .map_err(|problem| clip_lab_diagnostics::render("--filter", text, &[problem], false))?;
        Ok(subjects.iter().filter(|run| filter.matches(run)).map(|run| run.row.uid.clone()).collect())
    }

    fn name() -> impl Strategy<Value = String> {
        let fixed = [
            "tag",
            "note",
            "study",
            "arm",
            "status",
            "seed",
            "step",
            "steps",
            "epoch",
            "samples",
            "progress",
            "attempt",
            "seconds",
            "goal",
            "name",
            "loss",
            "ema",
            "retrieval",
            "optimizer",
        ];
        let known = KEYS.into_iter().chain(METRICS).chain(fixed).chain(["no such", "é", "b.lr", "0.lr", "0"]);
        let quoted = known.map(|name| format!("\"{}\"", name.replace('"', ""))).collect::<Vec<_>>();
        let functions = ["best", "min", "max", "last"].map(|pick| format!("{pick}(hit@1)"));
        proptest::sample::select([quoted, functions.to_vec()].concat())
    }

    fn atom() -> impl Strategy<Value = String> {
        let ops = proptest::sample::select(vec![":", "=", "!=", "<", "<=", ">", ">="]);
        let values = proptest::sample::select(vec![
            "0.1", "1e-4", "vit", "größe", "paper", "finished", "*i*", "tricks", "50%", "1", "8", "-1",
            "kelvin", "l*n", "*", "\"\"", "1e999",
        ]);
        prop_oneof![
            (name(), ops, values).prop_map(|(name, op, value)| format!("{name}{op}{value}")),
            name().prop_map(|name| format!("has:{name}")),
            proptest::sample::select(vec!["lit", "paper", "small", "LIT*", "tricks", "kelvin"])
                .prop_map(str::to_owned),
        ]
    }

    fn text() -> impl Strategy<Value = String> {
        atom().prop_recursive(3, 12, 3, |part| {
            prop_oneof![
                proptest::collection::vec(part.clone(), 1..3).prop_map(|all| all.join(" ")),
                proptest::collection::vec(part.clone(), 2..3)
                    .prop_map(|any| format!("({})", any.join(" | "))),
                part.prop_map(|part| format!("-({part})")),
            ]
        })
    }

    #[test]
    fn sql_selects_what_the_filter_language_means() {
        let (_folder, reader) = store();
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(400));
        let (some, rejected) = (Cell::new(0), Cell::new(0));
        let outcome = runner.run(&text(), |text| {
            let found = |limit| {
                let runs = matching_runs(&reader, &text, "--filter", limit);
                runs.map(|runs| runs.into_iter().map(|run| run.uid).collect::<Vec<_>>())
            };
            let first = found(Some(2)).ok();
            let found = found(None);
            prop_assert_eq!(first, found.as_ref().ok().map(|runs| runs.iter().take(2).cloned().collect()));
            let expected = in_memory(&reader, &text);
            some.set(
                some.get()
                    + usize::from(expected.as_ref().is_ok_and(|runs| !runs.is_empty() && runs.len() < 12)),
            );
            rejected.set(rejected.get() + usize::from(expected.is_err()));
            prop_assert_eq!(found.map_err(|error| error.to_string()), expected, "{}", text);
            Ok(())
        });
        outcome.unwrap();
        assert!(
            some.get() > 10 && rejected.get() > 5,
            "{some:?} filters matched some runs, {rejected:?} were rejected"
        );
    }
}
