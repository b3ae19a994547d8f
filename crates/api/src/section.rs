//! One table of a spec, with the place of every key.

use std::ops::Range;

use clip_lab_problem::{Place, Problem, parse};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{Faults, Settings};

/// Where a setting came from: the spec, a checkpoint that `from` names, or the plugin's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Written in the spec.
    Spec,
    /// Taken from the checkpoint that `from` names.
    Checkpoint,
    /// The plugin's own default.
    Default,
}

/// A table of a spec such as `[model.image]`, read key by key. What is never read is an error.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its dotted name, such as `model.image` or `trick.0`.
    pub name: String,
    /// Where its header stands.
    pub place: Place,
    table: DeTable<'static>,
    places: Vec<(String, Place, Place, Origin)>,
}

impl Section {
    /// The table called `name`; `place` is that of its header.
    pub fn new(name: impl Into<String>, place: Place, table: DeTable<'static>) -> Self {
        let places = table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), key.span(), value.span(), Origin::Spec));
        let places = places.collect();
        Self { name: name.into(), place, table, places }
    }

    /// Whether `key` stands in the table.
    pub fn has(&self, key: &str) -> bool {
        self.table.keys().any(|known| known.get_ref() == key)
    }

    /// The place of the value of `key`, or of the table when it does not stand there.
    pub fn place_of(&self, key: &str) -> Place {
        let found = self.places.iter().find(|(name, ..)| name == key);
        found.map_or(self.place.clone(), |(_, _, value, _)| value.clone())
    }

    /// Where the value of `key` came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.places.iter().find(|(name, ..)| name == key).map_or(Origin::Default, |(.., origin)| *origin)
    }

    /// Fills keys that the spec left out with what the checkpoint named at `place` says.
    pub fn fill(&mut self, defaults: &toml::Table, place: &Place) {
        let Ok(parsed) = parse(defaults.to_string()) else { return };
        for (key, value) in parsed {
            if self.has(key.get_ref()) {
                continue;
            }
            self.places.push((key.get_ref().to_string(), place.clone(), place.clone(), Origin::Checkpoint));
            let value = Spanned::new(place.clone(), value.into_inner());
            self.table.insert(Spanned::new(place.clone(), key.into_inner()), value);
        }
    }

    /// Takes `key` out of the table and reads it.
    ///
    /// # Errors
    /// A problem at the value when it has another type.
    pub fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, Problem> {
        let Some(value) = self.remove(key) else { return Ok(None) };
        let place = value.span();
        T::deserialize(value.into_deserializer())
            .map(Some)
            .map_err(|error| Problem::at(place, format!("[{}].{key}: {}", self.name, plain(error.message()))))
    }

    /// Reads all that is left as the settings `S`, with every problem at once: unknown keys, wrong types, values
    /// that cannot work.
    ///
    /// # Errors
    /// The problems found.
    pub fn read<S: Settings>(mut self) -> Result<S, Vec<Problem>> {
        let mut problems = self.unknown::<S>();
        let strange = problems.len();
        let settings: S = self.deserialize(&mut problems);
        let unread = problems.len() > strange;
        let mut faults = Faults::default();
        settings.check(&mut faults);
        // A value that could not be read counts as left out: what is then missing elsewhere is not the user's fault.
        faults.0.retain(|(key, _)| !unread || self.has(key));
        let wrong = faults.0.into_iter().map(|(key, message)| {
            Problem::at(self.place_of(&key), format!("[{}].{key}: {message}", self.name)).label(message)
        });
        problems.extend(wrong);
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// Problems for the keys that `S` does not have; they are taken out.
    fn unknown<S: JsonSchema>(&mut self) -> Vec<Problem> {
        let schema = schemars::schema_for!(S);
        let known: Vec<String> = schema
            .get("properties")
            .and_then(|properties| properties.as_object())
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default();
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        let (mine, strange): (Vec<_>, Vec<_>) = std::mem::take(&mut self.table)
            .into_iter()
            .partition(|(key, _)| names.contains(&key.get_ref().as_ref()));
        self.table.extend(mine);
        let strange = strange.into_iter().map(|(key, _)| {
            let name = key.get_ref();
            Problem::unknown(key.span(), format!("[{}] has no setting `{name}`", self.name), name, &names)
        });
        strange.collect()
    }

    /// Reads what is there; a value of a wrong type is recorded, taken out, and the rest read again.
    fn deserialize<S: Settings>(&mut self, problems: &mut Vec<Problem>) -> S {
        loop {
            let whole = Spanned::new(0..0, self.table.clone());
            let error = match S::deserialize(toml::de::Deserializer::from(whole)) {
                Ok(settings) => return settings,
                Err(error) => error,
            };
            let place = error.span().unwrap_or(0..0);
            let guilty = self.places.iter().find(|(key, name, value, _)| {
                self.has(key) && (covers(value, &place) || covers(name, &place))
            });
            let Some((key, _, value, _)) = guilty.cloned() else {
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
        let found = self.table.keys().find(|known| known.get_ref() == key)?.clone();
        self.table.remove(&found)
    }

    /// What is left when nothing should be: a problem for each key.
    pub fn finish(mut self, known: &[&str]) -> Vec<Problem> {
        let table = std::mem::take(&mut self.table);
        let strange = table.into_iter().map(|(key, _)| {
            let name = key.get_ref().to_string();
            Problem::unknown(key.span(), format!("[{}] has no setting `{name}`", self.name), &name, known)
        });
        strange.collect()
    }
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end && !outer.is_empty()
}

/// serde's words on one line.
fn plain(message: &str) -> String {
    message.trim().replace('\n', ", ")
}
