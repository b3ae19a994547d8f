//! Reading single keys of a study, with a problem at the place of each that is wrong.

use clip_lab_problem::{Place, Problem};
use toml_edit::{Item, TableLike};

use super::MOST;

/// A table of the study, and what it is called in messages.
pub(super) struct Fields<'a> {
    pub table: &'a dyn TableLike,
    pub name: String,
    pub place: Place,
}

/// A value and where it stands.
pub(super) type Placed<T> = (T, Place);

impl Fields<'_> {
    /// Keys that nobody knows.
    pub fn strangers(&self, known: &[&str], problems: &mut Vec<Problem>) {
        for (key, item) in self.table.iter().filter(|(key, _)| !known.contains(key)) {
            let message = format!("{} has no setting `{key}`", self.name);
            let place = self.table.get_key_value(key).and_then(|(key, _)| key.span());
            let place = place.unwrap_or_else(|| self.place_of(key, item));
            problems.push(Problem::unknown(place, message, key, known));
        }
    }

    /// A string, not empty.
    pub fn text(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Placed<String>> {
        let item = self.table.get(key)?;
        let text = item.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        self.placed(key, item, text, "a string with something in it", problems)
    }

    /// Whole numbers, each once.
    pub fn seeds(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Placed<Vec<u64>>> {
        let item = self.table.get(key)?;
        let number = |value: &toml_edit::Value| value.as_integer().and_then(|seed| u64::try_from(seed).ok());
        let seeds: Option<Vec<u64>> = item.as_array().and_then(|list| list.iter().map(number).collect());
        let each_once = |seeds: &Vec<u64>| {
            let fits = (1..=MOST).contains(&seeds.len());
            fits && seeds.iter().enumerate().all(|(at, seed)| !seeds[..at].contains(seed))
        };
        let words = "a list of whole numbers, each once and at most 1000 of them, such as `[0, 1, 2]`";
        self.placed(key, item, seeds.filter(each_once), words, problems)
    }

    /// The place of a value.
    pub fn place_of(&self, key: &str, item: &Item) -> Place {
        let key = self.table.get_key_value(key).and_then(|(key, _)| key.span());
        item.span().or(key).unwrap_or_else(|| self.place.clone())
    }

    fn placed<T>(
        &self,
        key: &str,
        item: &Item,
        value: Option<T>,
        words: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Placed<T>> {
        let place = self.place_of(key, item);
        if value.is_none() {
            problems.push(Problem::at(place.clone(), format!("{}: `{key}` must be {words}", self.name)));
        }
        value.map(|value| (value, place))
    }
}
