//! One table of a spec, with the location of every key.

use std::ops::Range;

use clip_lab_diagnostics::{Place, Problem, parse};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{Problems, Settings};

/// The origin of a setting: the spec, a checkpoint that `from` names, or the plugin's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Written in the spec.
    Spec,
    /// Taken from the checkpoint that `from` names.
    Checkpoint,
    /// The plugin's own default.
    Default,
}

/// A table of a spec such as `[model.image]`, read key by key. Unread keys are errors.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its dotted name, such as `model.image` or `trick.0`.
    pub name: String,
    /// Location of its header.
    pub place: Place,
    table: DeTable<'static>,
    places: Vec<(String, Place, Place, Origin)>,
}

impl Section {
    /// The table called `name`; `place` is the location of its header.
    pub fn new(name: impl Into<String>, place: Place, table: DeTable<'static>) -> Self {
        let places = table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), key.span(), value.span(), Origin::Spec));
        let places = places.collect();
        Self { name: name.into(), place, table, places }
    }

    /// Whether the table contains `key`.
    pub fn has(&self, key: &str) -> bool {
        self.table.keys().any(|other| other.get_ref() == key)
    }

    /// The location of the value of `key`, or of the table if it is missing.
    pub fn place_of(&self, key: &str) -> Place {
        let found = self.places.iter().find(|(name, ..)| name == key);
        found.map_or(self.place.clone(), |(_, _, value, _)| value.clone())
    }

    /// The origin of the value of `key`.
    pub fn origin(&self, key: &str) -> Origin {
        self.places.iter().find(|(name, ..)| name == key).map_or(Origin::Default, |(.., origin)| *origin)
    }

    /// Sets keys that the spec left out to the values of the checkpoint named at `place`.
    ///
    /// # Errors
    /// A problem at `place`, which names the value, if one is nested more deeply than TOML is read; no key is set then.
    pub fn fill(&mut self, defaults: &toml::Table, place: &Place) -> Result<(), Problem> {
        let missing = defaults.iter().filter(|(key, _)| !self.has(key));
        let missing: toml::Table = missing.map(|(key, value)| (key.clone(), value.clone())).collect();
        let parsed = parse(missing.to_string()).map_err(|_| self.too_deep(missing, place))?;
        for (key, value) in parsed {
            self.places.push((key.get_ref().to_string(), place.clone(), place.clone(), Origin::Checkpoint));
            let value = Spanned::new(place.clone(), value.into_inner());
            self.table.insert(Spanned::new(place.clone(), key.into_inner()), value);
        }
        Ok(())
    }

    fn too_deep(&self, settings: toml::Table, place: &Place) -> Problem {
        let mut path = deepest(&toml::Value::Table(settings));
        path.reverse();
        let message = format!("[{}].{}: nested too deeply in the checkpoint", self.name, path.join("."));
        let key = path.first().cloned().unwrap_or_default();
        Problem::at(place.clone(), message).help(format!("set `{key}` in [{}]", self.name))
    }

    /// Removes `key` from the table and deserialises it.
    ///
    /// # Errors
    /// A problem at the value if it has another type.
    pub fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, Problem> {
        let Some(value) = self.remove(key) else { return Ok(None) };
        let place = value.span();
        T::deserialize(value.into_deserializer())
            .map(Some)
            .map_err(|error| Problem::at(place, format!("[{}].{key}: {}", self.name, plain(error.message()))))
    }

    /// Reads the remaining keys as the settings `S`, and reports all problems together: unknown keys, wrong types,
    /// invalid values.
    ///
    /// # Errors
    /// The problems found.
    pub fn read<S: Settings>(mut self) -> Result<S, Vec<Problem>> {
        let mut problems = self.unknown::<S>();
        let unknown = problems.len();
        let settings: S = self.deserialize(&mut problems);
        let unread = problems.len() > unknown;
        let mut invalid = Problems::default();
        settings.check(&mut invalid);
        // A value of a wrong type counts as left out; problems that this causes for missing settings are not reported.
        invalid.0.retain(|(key, _)| !unread || self.has(key));
        let wrong = invalid.0.into_iter().map(|(key, message)| {
            Problem::at(self.place_of(&key), format!("[{}].{key}: {message}", self.name)).label(message)
        });
        problems.extend(wrong);
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// Removes the keys that `S` lacks and reports them.
    fn unknown<S: JsonSchema>(&mut self) -> Vec<Problem> {
        let schema = schemars::schema_for!(S);
        let settings: Vec<String> = schema
            .get("properties")
            .and_then(|properties| properties.as_object())
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default();
        let names: Vec<&str> = settings.iter().map(String::as_str).collect();
        let (known, unknown): (Vec<_>, Vec<_>) = std::mem::take(&mut self.table)
            .into_iter()
            .partition(|(key, _)| names.contains(&key.get_ref().as_ref()));
        self.table.extend(known);
        let problems = unknown.into_iter().map(|(key, _)| {
            let name = key.get_ref();
            Problem::unknown(key.span(), format!("[{}] has no setting `{name}`", self.name), name, &names)
        });
        problems.collect()
    }

    /// Deserialises the table; a value of a wrong type is reported and removed, and the rest read again.
    fn deserialize<S: Settings>(&mut self, problems: &mut Vec<Problem>) -> S {
        loop {
            let whole = Spanned::new(0..0, self.table.clone());
            let error = match S::deserialize(toml::de::Deserializer::from(whole)) {
                Ok(settings) => return settings,
                Err(error) => error,
            };
            let place = error.span().unwrap_or(0..0);
            let faulty = self.places.iter().find(|(key, name, value, _)| {
                self.has(key) && (covers(value, &place) || covers(name, &place))
            });
            let Some((key, _, value, _)) = faulty.cloned() else {
                problems.push(Problem::at(
                    self.place.clone(),
                    format!("[{}]: {}", self.name, plain(error.message())),
                ));
                return S::default();
            };
            let at = if place.is_empty() { value } else { place };
            problems.push(Problem::at(at, format!("[{}].{key}: {}", self.name, plain(error.message()))));
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &str) -> Option<Spanned<DeValue<'static>>> {
        let found = self.table.keys().find(|other| other.get_ref() == key)?.clone();
        self.table.remove(&found)
    }

    /// Reports every key that was not read.
    pub fn finish(mut self, known: &[&str]) -> Vec<Problem> {
        let table = std::mem::take(&mut self.table);
        let problems = table.into_iter().map(|(key, _)| {
            let name = key.get_ref().to_string();
            Problem::unknown(key.span(), format!("[{}] has no setting `{name}`", self.name), &name, known)
        });
        problems.collect()
    }
}

/// The keys to the most deeply nested value, innermost first; the key of an element of a list is its index.
fn deepest(value: &toml::Value) -> Vec<String> {
    let inner: Vec<(String, &toml::Value)> = match value {
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), value)).collect(),
        toml::Value::Array(list) => {
            list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => return Vec::new(),
    };
    let paths = inner.into_iter().map(|(key, value)| {
        let mut path = deepest(value);
        path.push(key);
        path
    });
    paths.max_by_key(Vec::len).unwrap_or_default()
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end && !outer.is_empty()
}

/// serde's message on one line, as an instruction: `must be a number; got string "x"`.
fn plain(message: &str) -> String {
    let line = message.trim().replace('\n', ", ");
    let Some((problem, expected)) = line.rsplit_once(", expected ") else { return line };
    let prefixes = ["invalid type: ", "invalid value: ", "unknown variant "];
    let Some(found) = prefixes.iter().find_map(|prefix| problem.strip_prefix(prefix)) else { return line };
    let expected = match expected {
        "f32" | "f64" => "a number",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, at least 0",
        "a sequence" => "a list",
        "a map" => "a table",
        "path string" => "a path",
        other => other,
    };
    format!("must be {expected}; got {found}")
}

#[cfg(test)]
mod tests;
