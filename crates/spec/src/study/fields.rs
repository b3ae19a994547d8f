//! Reads single keys of a study and reports problems with their spans.

use clip_lab_diagnostics::{Place, Problem};
use toml_edit::{Item, TableLike};

use super::MAX_COUNT;

/// A table of the study, and its name in messages.
pub(super) struct Fields<'a> {
    pub table: &'a dyn TableLike,
    pub name: String,
    pub place: Place,
}

/// A value and its span.
pub(super) type Placed<T> = (T, Place);

impl Fields<'_> {
    /// Reports unknown keys.
    pub fn report_unknown(&self, known: &[&str], problems: &mut Vec<Problem>) {
        for (key, item) in self.table.iter().filter(|(key, _)| !known.contains(key)) {
            let message = format!("{} has no setting `{key}`", self.name);
            let place = self.table.get_key_value(key).and_then(|(key, _)| key.span());
            let place = place.unwrap_or_else(|| self.place_of(key, item));
            problems.push(Problem::unknown(place, message, key, known));
        }
    }

    /// A non-empty string.
    pub fn text(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Placed<String>> {
        let item = self.table.get(key)?;
        let text = item.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        self.placed(key, item, text, "a non-empty string", problems)
    }

    /// Distinct non-negative integers.
    pub fn seeds(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Placed<Vec<u64>>> {
        let item = self.table.get(key)?;
        let number = |value: &toml_edit::Value| value.as_integer().and_then(|seed| u64::try_from(seed).ok());
        let seeds: Option<Vec<u64>> = item.as_array().and_then(|list| list.iter().map(number).collect());
        let is_distinct = |seeds: &Vec<u64>| {
            let in_range = (1..=MAX_COUNT).contains(&seeds.len());
            in_range && seeds.iter().enumerate().all(|(at, seed)| !seeds[..at].contains(seed))
        };
        let expected = "a list of at most 1000 distinct non-negative integers, such as `[0, 1, 2]`";
        self.placed(key, item, seeds.filter(is_distinct), expected, problems)
    }

    /// The span of a value.
    pub fn place_of(&self, key: &str, item: &Item) -> Place {
        let key = self.table.get_key_value(key).and_then(|(key, _)| key.span());
        item.span().or(key).unwrap_or_else(|| self.place.clone())
    }

    fn placed<T>(
        &self,
        key: &str,
        item: &Item,
        value: Option<T>,
        expected: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Placed<T>> {
        let place = self.place_of(key, item);
        if value.is_none() {
            problems.push(Problem::at(place.clone(), format!("{}: `{key}` must be {expected}", self.name)));
        }
        value.map(|value| (value, place))
    }
}
