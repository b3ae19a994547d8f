//! Reads a TOML table key by key and collects all problems, not only the first.

use std::ops::Range;

use clip_lab_diagnostics::Problem;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A value with its span.
pub type Value<'t> = Spanned<DeValue<'t>>;

/// A table being read.
pub struct Table<'a, 't, 'p> {
    /// Its name in messages: `the dashboard`, `a row`, `a panel`.
    what: &'static str,
    table: &'a DeTable<'t>,
    place: Range<usize>,
    problems: &'p mut Vec<Problem>,
}

impl<'a, 't, 'p> Table<'a, 't, 'p> {
    /// Starts reading; reports keys that are not in `known`.
    pub fn new(
        what: &'static str,
        table: &'a DeTable<'t>,
        place: Range<usize>,
        known: &[&str],
        problems: &'p mut Vec<Problem>,
    ) -> Self {
        for (key, _) in table.iter() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                problems.push(Problem::unknown(
                    key.span(),
                    format!("{what} has no setting `{name}`"),
                    name,
                    known,
                ));
            }
        }
        Table { what, table, place, problems }
    }

    /// Adds a problem at `place`.
    pub fn problem(&mut self, place: Range<usize>, message: String) {
        self.problems.push(Problem::at(place, message));
    }

    /// Adds a problem of the whole table.
    pub fn table_problem(&mut self, message: String) {
        self.problem(self.place.clone(), message);
    }

    fn get(&self, key: &str) -> Option<&'a Value<'t>> {
        self.table.get(key)
    }

    /// Whether the key exists.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn wrong_type(&mut self, key: &str, value: &Value, expected: &str) {
        self.problem(value.span(), format!("`{key}` of {} must be {expected}", self.what));
    }

    /// A string, if the key exists.
    pub fn text(&mut self, key: &str) -> Option<(String, Range<usize>)> {
        let value = self.get(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some((text.to_string(), value.span())),
            None => {
                self.wrong_type(key, value, "a string");
                None
            }
        }
    }

    /// One of `choices` by name, or `default` if the key is missing.
    pub fn choice<T: Copy>(&mut self, key: &str, choices: &[(T, &str)], default: T) -> T {
        let Some((name, place)) = self.text(key) else { return default };
        if let Some((choice, _)) = choices.iter().find(|(_, choice)| *choice == name) {
            return *choice;
        }
        let names: Vec<&str> = choices.iter().map(|(_, name)| *name).collect();
        self.problems.push(Problem::unknown(place, format!("unknown `{key}`: `{name}`"), &name, &names));
        default
    }

    /// A number of at least `least`, or `default` if the key is missing.
    pub fn number(&mut self, key: &str, least: f64, default: f64) -> f64 {
        let Some(value) = self.get(key) else { return default };
        let digits = match value.get_ref() {
            DeValue::Integer(whole) if whole.radix() == 10 => whole.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        match digits.filter(|number| number.is_finite() && *number >= least) {
            Some(number) => number,
            None => {
                self.wrong_type(key, value, &format!("a number of at least {least}"));
                default
            }
        }
    }

    /// An integer weight from 1 to 1000, 1 if the key is missing.
    pub fn weight(&mut self, key: &str) -> u16 {
        let Some(value) = self.get(key) else { return 1 };
        let digits = value.get_ref().as_integer().filter(|whole| whole.radix() == 10);
        match digits.and_then(|whole| whole.as_str().parse().ok()) {
            Some(weight @ 1..=1000) => weight,
            _ => {
                self.wrong_type(key, value, "an integer from 1 to 1000");
                1
            }
        }
    }

    /// An array of strings, empty if the key is missing.
    pub fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let items = value.get_ref().as_array().map(|array| array.iter().collect::<Vec<_>>());
        let texts: Option<Vec<String>> = items
            .map(|items| items.iter().map(|v| v.get_ref().as_str().map(str::to_string)).collect())
            .unwrap_or(None);
        texts.unwrap_or_else(|| {
            self.wrong_type(key, value, "an array of strings");
            Vec::new()
        })
    }

    /// A string or an array of strings, empty if the key is missing.
    pub fn text_or_texts(&mut self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some(value) if value.get_ref().as_array().is_some() => self.texts(key),
            _ => self.text(key).into_iter().map(|(text, _)| text).collect(),
        }
    }

    /// The tables of an array of tables, `[[key]]`, with their spans; reports a missing or empty array.
    pub fn tables(&mut self, key: &str) -> Vec<(&'a DeTable<'t>, Range<usize>)> {
        let Some(value) = self.get(key) else {
            self.table_problem(format!("{} has no `[[{key}]]`", self.what));
            return Vec::new();
        };
        let items: Vec<_> =
            value.get_ref().as_array().map(|array| array.iter().collect()).unwrap_or_default();
        let tables: Vec<_> = items.iter().filter_map(|v| Some((v.get_ref().as_table()?, v.span()))).collect();
        if tables.is_empty() || tables.len() < items.len() {
            self.wrong_type(key, value, "an array of tables");
        }
        tables
    }
}
