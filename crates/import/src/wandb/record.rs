//! The records of a log. Field numbers are those of wandb's `wandb_internal.proto`.

use std::collections::BTreeMap;

use super::{history::History, identity, items::items};
use crate::{
    Direction, ImportedRun, Setting,
    json::{flatten, parse},
    proto::{Value, fields},
    run::milliseconds,
};

/// Adds records to a run.
pub struct Reader<'a> {
    run: &'a mut ImportedRun,
    history: History,
    /// Settings as JSON text, by dotted key.
    settings: BTreeMap<String, String>,
    has_run: bool,
}

impl<'a> Reader<'a> {
    pub fn new(run: &'a mut ImportedRun) -> Self {
        Reader { run, history: History::default(), settings: BTreeMap::new(), has_run: false }
    }

    /// Adds a record; returns the exit code, if it has one.
    pub fn record(&mut self, message: &[u8]) -> Option<i64> {
        let mut exit = None;
        let read = fields(message, |number, value| match number {
            2 => self.history.add(value.bytes(), self.run),
            3 => self.history.summary(value.bytes()),
            4 | 13 | 27 => self.run.left_out.add("output line"),
            5 => self.config(value.bytes()),
            7 => self.run.left_out.add("system record"),
            8 => self.run.left_out.add("artifact"),
            12 => self.metric(value.bytes()),
            17 => self.run_record(value.bytes()),
            18 => exit = Some(exit_code(value.bytes())),
            26 => self.environment(value.bytes()),
            _ => {}
        });
        if read.is_none() {
            self.run.left_out.add("corrupt record");
        }
        exit.flatten()
    }

    /// Adds the values that only the summary has; returns the settings.
    pub fn finish(self) -> Vec<Setting> {
        self.history.finish(self.run);
        let setting = |(key, value)| Setting { key, value, origin: "wandb config".into() };
        self.settings.into_iter().map(setting).collect()
    }

    /// `ConfigRecord { ConfigItem update = 1; ConfigItem remove = 2 }`.
    fn config(&mut self, message: &[u8]) {
        let settings = &mut self.settings;
        items(message, 2, |key, _| remove(settings, &key));
        items(message, 1, |key, json| {
            if key == "_wandb" || key.starts_with("_wandb.") {
                return;
            }
            remove(settings, &key);
            let value = parse(json).unwrap_or_else(|| json.into());
            flatten(&key, &value, &mut |key, value| {
                settings.insert(key.to_owned(), value.to_string());
            });
        });
    }

    /// `RunRecord`; a later one updates the run.
    fn run_record(&mut self, message: &[u8]) {
        let (mut id, mut project, mut started, mut tags) = (String::new(), String::new(), 0, Vec::new());
        let (mut labels, mut name) = (Vec::new(), String::new());
        let read = fields(message, |number, value| match number {
            1 => id = value.text(),
            3 => project = value.text(),
            4 => self.config(value.bytes()),
            6 => labels.push(("wandb.group", value)),
            7 => labels.push(("wandb.job_type", value)),
            8 => name = value.text(),
            9 if !value.bytes().is_empty() => self.run.notes = vec![value.text()],
            10 => tags.push(value.text()),
            12 => labels.push(("wandb.sweep", value)),
            13 => self.run.host = Some(value.text()).filter(|host| !host.is_empty()),
            17 => started = timestamp(value.bytes()).unwrap_or(0),
            21 => self.git(value),
            _ => {}
        });
        if read.is_none() || (self.has_run && id.is_empty()) {
            return;
        }
        labels.into_iter().for_each(|(key, value)| self.label(key, &value.text()));
        self.label("wandb.project", &project);
        if !tags.is_empty() {
            self.run.tags = tags;
        }
        if !name.is_empty() {
            self.run.name = name;
        } else if !self.has_run && !id.is_empty() {
            self.run.name.clone_from(&id);
        }
        if !self.has_run {
            self.run.identity = identity(&project, &id, started);
            self.history.start(started);
            self.has_run = true;
        }
    }

    fn label(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.settings.insert(key.into(), serde_json::Value::from(text).to_string());
        }
    }

    /// `EnvironmentRecord { GitRepoRecord git = 9; string host = 12 }`.
    fn environment(&mut self, message: &[u8]) {
        let _ = fields(message, |number, value| match number {
            9 => self.git(value),
            12 if !value.bytes().is_empty() => self.run.host = Some(value.text()),
            _ => {}
        });
    }

    /// `GitRepoRecord { string commit = 2 }`.
    fn git(&mut self, value: Value<'_>) {
        let _ = fields(value.bytes(), |number, value| {
            if number == 2 && !value.bytes().is_empty() {
                self.run.commit = Some(value.text());
            }
        });
    }

    /// `MetricRecord { string name = 1; MetricGoal goal = 8 }`.
    fn metric(&mut self, message: &[u8]) {
        let (mut name, mut goal) = (String::new(), 0);
        let read = fields(message, |number, value| match number {
            1 => name = value.text(),
            8 => goal = value.integer(),
            _ => {}
        });
        let direction = match goal {
            1 => Direction::Down,
            2 => Direction::Up,
            _ => return,
        };
        if read.is_some() && !name.is_empty() {
            self.run.directions.push((name, direction));
        }
    }
}

/// Removes a setting, and those below it.
fn remove(settings: &mut BTreeMap<String, String>, key: &str) {
    settings.remove(key);
    let start = format!("{key}.");
    let below = settings.range(start.clone()..).map(|(name, _)| name);
    let below: Vec<String> = below.take_while(|name| name.starts_with(&start)).cloned().collect();
    below.iter().for_each(|name| drop(settings.remove(name)));
}

/// `RunExitRecord { int32 exit_code = 1; bool not_complete = 3 }`; none if it is not complete.
fn exit_code(message: &[u8]) -> Option<i64> {
    let (mut code, mut complete) = (0, true);
    fields(message, |number, value| match number {
        1 => code = value.integer(),
        3 => complete = value.integer() == 0,
        _ => {}
    })?;
    complete.then_some(code)
}

/// `Timestamp { int64 seconds = 1; int32 nanos = 2 }` in milliseconds since 1970.
fn timestamp(message: &[u8]) -> Option<i64> {
    let (mut seconds, mut nanos) = (0, 0);
    fields(message, |number, value| match number {
        1 => seconds = value.integer(),
        2 => nanos = value.integer(),
        _ => {}
    })?;
    milliseconds(seconds as f64 + nanos as f64 / 1e9)
}
