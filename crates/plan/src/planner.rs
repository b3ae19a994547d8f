//! State shared by all planning steps: the remaining tables, the catalog, and the problems and settings so far.

use clip_lab_plugin_api::{
    Catalog, Kind, Origin, Planned, Registry, Section, Settings, diagnostics::Problem,
};
use serde_json::Value;

use super::{Setting, checkpoints::Checkpoints, letters::Lock, tables::Tables, trust::untrusted_code};
use clip_lab_spec::Spec;

/// Reads tables into plugins and collects every problem.
pub(super) struct Planner<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) tables: Tables,
    pub(super) checkpoints: Checkpoints,
    pub(super) problems: Vec<Problem>,
    pub(super) config: Vec<Setting>,
    /// `model.lock`, once it is read.
    pub(super) lock: Option<Lock>,
    /// Whether a data set's root comes from the environment.
    pub(super) root_from_env: bool,
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
            root_from_env: false,
            spec,
        }
    }

    /// Every problem found while reading.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<Setting>) {
        let mut problems = self.problems;
        problems.extend(self.tables.finish());
        (problems, self.config)
    }

    /// The table at `path`; reports a problem if it is missing.
    pub(super) fn required<K: Kind + ?Sized>(
        &mut self,
        path: &str,
        registry: &Registry<K>,
    ) -> Option<Section> {
        let section = self.tables.section(path);
        if section.is_none() {
            self.missing(path, &format!("`plugin = \"...\"`, one of: {}", registry.names().join(", ")));
        }
        section
    }

    /// Reports a missing table. A value in its place is reported elsewhere.
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

    /// Looks up the plugin of a table and reads its settings.
    pub(super) fn plugin<K: Kind + ?Sized>(
        &mut self,
        registry: &Registry<K>,
        section: Section,
    ) -> Option<Planned<K>> {
        match registry.plan(section) {
            Ok(planned) => {
                let (spec, trusted) = (self.spec, self.catalog.trust_code);
                let refused = planned
                    .code
                    .iter()
                    .filter_map(|(key, file)| untrusted_code(spec, trusted, &planned.section, key, file));
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

    /// The plugin of a required table.
    pub(super) fn only<K: Kind + ?Sized>(
        &mut self,
        path: &str,
        registry: &Registry<K>,
    ) -> Option<Planned<K>> {
        let section = self.required(path, registry)?;
        self.plugin(registry, section)
    }

    /// The plugins of a list of tables, without those that have a problem.
    pub(super) fn list<K: Kind + ?Sized>(&mut self, name: &str, registry: &Registry<K>) -> Vec<Planned<K>> {
        let sections = self.tables.list(name);
        sections.into_iter().filter_map(|section| self.plugin(registry, section)).collect()
    }

    /// Reads the settings of a table without a plugin.
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

    /// Collects problems and returns `None`.
    pub(super) fn fail<T>(&mut self, problems: Vec<Problem>) -> Option<T> {
        self.problems.extend(problems);
        None
    }

    /// Records every setting of a table.
    fn record_all(&mut self, section: &Section, settings: &Value) {
        for (key, value) in settings.as_object().into_iter().flatten() {
            self.record(section, key, value);
        }
    }

    /// Records one setting; nested tables become dotted keys.
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
