//! What the parts of planning share: the tables left, the catalog, the problems and the settings so far.

use clip_lab_api::{Catalog, Kind, Origin, Planned, Section, Settings, Shelf, problem::Problem};
use serde_json::Value;

use super::{Setting, from::Checkpoints, lock::Lock, tables::Tables, trust::refusal};
use clip_lab_spec::Spec;

/// Reads tables into plugins and keeps every problem for the end.
pub(super) struct Planner<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) tables: Tables,
    pub(super) checkpoints: Checkpoints,
    pub(super) problems: Vec<Problem>,
    pub(super) config: Vec<Setting>,
    /// What `model.lock` says, once it was read.
    pub(super) lock: Option<Lock>,
    /// Whether a data set lies where the environment says.
    pub(super) rooted: bool,
    pub(super) spec: &'a Spec,
}

impl<'a> Planner<'a> {
    pub(super) fn new(spec: &'a Spec, catalog: &'a Catalog) -> Self {
        Self {
            catalog,
            tables: Tables::new(spec.tables.clone()),
            checkpoints: Checkpoints::default(),
            problems: spec.problems.clone(),
            config: Vec::new(),
            lock: None,
            rooted: false,
            spec,
        }
    }

    /// Every problem found while reading.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<Setting>) {
        let mut problems = self.problems;
        problems.extend(self.tables.finish());
        (problems, self.config)
    }

    /// The table at `path`, or a problem that says what to write.
    pub(super) fn required<K: Kind + ?Sized>(&mut self, path: &str, shelf: &Shelf<K>) -> Option<Section> {
        let section = self.tables.section(path);
        if section.is_none() {
            self.missing(path, &format!("`plugin = \"...\"`, one of: {}", shelf.names().join(", ")));
        }
        section
    }

    /// Says that a table is missing, unless it is there and not a table, which was said already.
    pub(super) fn missing(&mut self, path: &str, with: &str) {
        if !self.spec.has(path) {
            let problem = Problem::new(format!("the spec has no [{path}]"));
            self.problems.push(problem.help(format!("add [{path}] with {with}")));
        }
    }

    /// As [`Planner::missing`], for a list.
    pub(super) fn missing_list(&mut self, name: &str, with: &str) {
        if !self.spec.has(name) {
            let problem = Problem::new(format!("the spec has no [[{name}]]"));
            self.problems.push(problem.help(format!("add [[{name}]] with {with}")));
        }
    }

    /// Finds the plugin and reads its settings.
    pub(super) fn plugin<K: Kind + ?Sized>(
        &mut self,
        shelf: &Shelf<K>,
        section: Section,
    ) -> Option<Planned<K>> {
        match shelf.plan(section) {
            Ok(planned) => {
                let (spec, trusted) = (self.spec, self.catalog.trust_code);
                let refused = planned
                    .code
                    .iter()
                    .filter_map(|(key, file)| refusal(spec, trusted, &planned.section, key, file));
                let refused: Vec<Problem> = refused.collect();
                if !refused.is_empty() {
                    return self.fail(refused);
                }
                self.record(&planned.section, "plugin", &Value::from(planned.name));
                self.record_all(&planned.section, &planned.settings);
                Some(planned)
            }
            Err(problems) => self.fail(problems),
        }
    }

    /// The one plugin of a table that must be there.
    pub(super) fn only<K: Kind + ?Sized>(&mut self, path: &str, shelf: &Shelf<K>) -> Option<Planned<K>> {
        let section = self.required(path, shelf)?;
        self.plugin(shelf, section)
    }

    /// The plugins of a list of tables; one that is at fault is left out.
    pub(super) fn list<K: Kind + ?Sized>(&mut self, name: &str, shelf: &Shelf<K>) -> Vec<Planned<K>> {
        let sections = self.tables.list(name);
        sections.into_iter().filter_map(|section| self.plugin(shelf, section)).collect()
    }

    /// Reads settings that are not a plugin's.
    pub(super) fn settings<S: Settings>(&mut self, section: Section) -> Option<S> {
        match section.clone().read::<S>() {
            Ok(settings) => {
                let value = serde_json::to_value(&settings).unwrap_or(Value::Null);
                self.record_all(&section, &value);
                Some(settings)
            }
            Err(problems) => self.fail(problems),
        }
    }

    /// Keeps problems; there is nothing to go on with.
    pub(super) fn fail<T>(&mut self, problems: Vec<Problem>) -> Option<T> {
        self.problems.extend(problems);
        None
    }

    /// Keeps every setting of a table for the record.
    fn record_all(&mut self, section: &Section, settings: &Value) {
        for (key, value) in settings.as_object().into_iter().flatten() {
            self.record(section, key, value);
        }
    }

    /// Keeps one setting for the record; tables inside it become dotted keys.
    pub(super) fn record(&mut self, section: &Section, key: &str, value: &Value) {
        let origin = match section.origin(key) {
            Origin::Spec if self.is_from_environment(&section.name, key) => "environment".to_owned(),
            Origin::Spec => self.spec.origin(&section.name, key, &section.place_of(key)),
            Origin::Checkpoint => "checkpoint".to_owned(),
            Origin::Default => "default".to_owned(),
        };
        flatten(&format!("{}.{key}", section.name), value, &origin, &mut self.config);
    }
}

fn flatten(key: &str, value: &Value, origin: &str, into: &mut Vec<Setting>) {
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            for (name, value) in inner {
                flatten(&format!("{key}.{name}"), value, origin, into);
            }
        }
        _ => into.push(Setting { key: key.to_owned(), value: value.clone(), origin: origin.to_owned() }),
    }
}
