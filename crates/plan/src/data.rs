//! `[data.*]` and `[[eval]]`: the data sets and their evaluators.

use clip_lab_plugin_api::{
    Dataset, Planned, Section,
    diagnostics::{Place, Problem},
};
use serde_json::json;
use toml::de::DeTable;

use super::{DataPlan, EvalPlan, Split, planner::Planner, root::add_root_help, tables::plugin};

/// The data sets that could be read.
pub(super) struct DataDraft {
    pub(super) train: Option<Planned<dyn Dataset>>,
    pub(super) val: Option<Planned<dyn Dataset>>,
    pub(super) test: Option<Planned<dyn Dataset>>,
    /// The splits of the spec, including faulty ones.
    pub(super) splits: Vec<Split>,
}

impl Planner<'_> {
    /// All of `[data.*]`.
    pub(super) fn data(&mut self) -> DataDraft {
        let catalog = self.catalog;
        let mut train = self.tables.take("data.train");
        if train.is_none() {
            let names = catalog.data.names().join(", ");
            self.missing("data.train", &format!("`plugin = \"...\"`, one of: {names}"));
        }
        if let Some((place, table)) = &mut train {
            self.find_root(place, table);
        }
        let base = train.as_ref().map(|(_, table)| table.clone()).unwrap_or_default();
        let first = self.problems.len();
        let planned = train
            .and_then(|(place, table)| self.plugin(&catalog.data, Section::new("data.train", place, table)));
        self.problems[first..].iter_mut().for_each(|problem| add_root_help(problem, "data.train", &base));
        let reported = self.problems[first..].to_vec();
        let mut splits = Vec::new();
        let [val, test] = [Split::Val, Split::Test].map(|split| {
            let table = self.tables.take(&format!("data.{}", split.as_str()))?;
            splits.push(split);
            self.split(split, table, &base, &reported)
        });
        DataDraft { train: planned, val, test, splits }
    }

    /// A data set of a split, which inherits missing keys from `[data.train]`.
    fn split(
        &mut self,
        split: Split,
        (place, mut table): (Place, DeTable<'static>),
        base: &DeTable<'static>,
        reported: &[Problem],
    ) -> Option<Planned<dyn Dataset>> {
        inherit(&mut table, base);
        self.find_root(&place, &mut table);
        let name = format!("data.{}", split.as_str());
        let written = table.clone();
        let catalog = self.catalog;
        let first = self.problems.len();
        let planned = self.plugin(&catalog.data, Section::new(name.as_str(), place, table));
        // A problem of an inherited key is reported once, for [data.train].
        let inherited = |problem: &Problem| {
            let message = problem.message.replace(&name, "data.train");
            reported.iter().any(|problem| problem.message == message)
        };
        let mut fresh: Vec<Problem> =
            self.problems.drain(first..).filter(|problem| !inherited(problem)).collect();
        fresh.iter_mut().for_each(|problem| add_root_help(problem, &name, &written));
        self.problems.extend(fresh);
        planned
    }

    /// All of `[[eval]]`; optional in a spec without splits to evaluate.
    pub(super) fn evals(&mut self, splits: &[Split]) -> Vec<EvalPlan> {
        let sections = self.tables.list("eval");
        if sections.is_empty() && !splits.is_empty() {
            self.missing_list(
                "eval",
                &format!("`plugin = \"...\"`, one of: {}", self.catalog.eval.names().join(", ")),
            );
        }
        sections.into_iter().filter_map(|section| self.eval(section, splits)).collect()
    }

    fn eval(&mut self, mut section: Section, splits: &[Split]) -> Option<EvalPlan> {
        let on = match section.take::<Vec<Split>>("on") {
            Ok(on) => on,
            Err(problem) => return self.fail(vec![problem]),
        };
        let problem = split_problem(&section, on.as_deref(), splits);
        let on = on.unwrap_or_else(|| splits.to_vec());
        self.record(&section, "on", &json!(on));
        self.problems.extend(problem);
        let catalog = self.catalog;
        let evaluator = self.plugin(&catalog.eval, section)?;
        Some(EvalPlan { on, evaluator })
    }
}

/// A problem for every data set that cannot be opened; one shared by several splits is reported once.
pub(super) fn missing(data: &DataPlan) -> Vec<Problem> {
    let mut reported: Vec<&str> = Vec::new();
    let mut problems = Vec::new();
    for planned in [Some(&data.train), data.val.as_ref(), data.test.as_ref()].into_iter().flatten() {
        let Some(problem) =
            planned.properties.problem.as_deref().filter(|problem| !reported.contains(problem))
        else {
            continue;
        };
        reported.push(problem);
        let section = &planned.section;
        let key = ["file", "root", "shards", "plugin"].into_iter().find(|key| section.has(key));
        let place = section.place_of(key.unwrap_or_default());
        problems.push(Problem::at(place, format!("[{}] cannot be opened: {problem}", section.name)));
    }
    problems
}

/// Checks the splits of an evaluator.
fn split_problem(section: &Section, on: Option<&[Split]>, splits: &[Split]) -> Option<Problem> {
    let place = section.place_of("on");
    let help = "add [data.val] or [data.test]; it inherits missing keys from [data.train]";
    match on {
        None if splits.is_empty() => {
            Some(Problem::at(place, format!("[{}] has no split to run on", section.name)).help(help))
        }
        None => None,
        Some([]) => Some(
            Problem::at(place, format!("[{}].on: must name at least one split", section.name))
                .help("remove `on` to run on every split"),
        ),
        Some(on) => {
            let absent = on.iter().find(|split| !splits.contains(split))?.as_str();
            let message = format!("[{}].on: the spec has no [data.{absent}]", section.name);
            Some(Problem::at(place, message).help(help))
        }
    }
}

/// Copies missing keys from `base` to `table`, unless that names another plugin.
fn inherit(table: &mut DeTable<'static>, base: &DeTable<'static>) {
    if plugin(table).is_some_and(|own| plugin(base) != Some(own)) {
        return;
    }
    for (key, value) in base {
        if !table.contains_key(key.get_ref().as_ref()) {
            table.insert(key.clone(), value.clone());
        }
    }
}
