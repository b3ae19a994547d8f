//! Takes the tables of a spec one by one, and reports unknown names.

use clip_lab_plugin_api::{
    Section,
    diagnostics::{Place, Problem, suggest},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The keys and tables at the top level of a spec.
const TOP: [&str; 14] = [
    "name",
    "description",
    "plugins",
    "run",
    "data",
    "preprocess",
    "augment",
    "tokenizer",
    "model",
    "loss",
    "optimizer",
    "schedule",
    "trick",
    "eval",
];
/// The tables below `data`.
const DATA: [&str; 3] = ["train", "val", "test"];
/// The tables below `model`, and its one key.
const MODEL: [&str; 6] = ["image", "text", "image_projection", "text_projection", "classifier", "lock"];

/// The tables of a spec that are not read yet.
pub(super) struct Tables {
    table: DeTable<'static>,
    problems: Vec<Problem>,
}

impl Tables {
    pub(super) fn new(table: DeTable<'static>) -> Self {
        let mut tables = Self { table, problems: Vec::new() };
        tables.reject_unknown();
        tables
    }

    /// The problems found.
    pub(super) fn finish(self) -> Vec<Problem> {
        self.problems
    }

    /// A top-level string, such as `name`.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.placed_text(key).map(|(text, _)| text)
    }

    /// A top-level string and its place.
    pub(super) fn placed_text(&mut self, key: &str) -> Option<(String, Place)> {
        let value = remove(&mut self.table, key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            _ => self.problem(value.span(), format!("`{key}` must be a string")),
        }
    }

    /// A single key beside the tables of a group, as a section of that one key.
    pub(super) fn single_key(&mut self, group: &str, key: &str) -> Option<Section> {
        let (_, value) = self.table.iter_mut().find(|(name, _)| name.get_ref() == group)?;
        let place = value.span();
        let table = inner(value.get_mut())?;
        let name = table.keys().find(|known| known.get_ref() == key)?.clone();
        let value = table.remove(&name)?;
        Some(Section::new(group, place, DeTable::from_iter([(name, value)])))
    }

    /// The table at a path of one or two names, such as `loss` or `model.image`.
    pub(super) fn section(&mut self, path: &str) -> Option<Section> {
        let (place, table) = self.take(path)?;
        Some(Section::new(path, place, table))
    }

    /// As [`Tables::section`], unparsed: the place of the header, and the table.
    pub(super) fn take(&mut self, path: &str) -> Option<(Place, DeTable<'static>)> {
        let value = match path.split_once('.') {
            None => remove(&mut self.table, path)?,
            Some((group, key)) => {
                let (_, group) = self.table.iter_mut().find(|(name, _)| name.get_ref() == group)?;
                remove(inner(group.get_mut())?, key)?
            }
        };
        let place = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some((place, table)),
            DeValue::Array(_) => {
                self.problem(place, format!("[{path}] must be a single table: write it with single brackets"))
            }
            _ => self.problem(place, format!("`{path}` must be a table: write [{path}]")),
        }
    }

    /// The tables of a list such as `[[trick]]`.
    pub(super) fn list(&mut self, name: &str) -> Vec<Section> {
        let Some(value) = remove(&mut self.table, name) else { return Vec::new() };
        let place = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            self.problem::<()>(place, format!("`{name}` must be a list of tables: write [[{name}]]"));
            return Vec::new();
        };
        let items = items.into_iter().enumerate();
        items.filter_map(|(number, item)| self.member(format!("{name}.{number}"), item)).collect()
    }

    fn member(&mut self, name: String, item: Spanned<DeValue<'static>>) -> Option<Section> {
        let place = item.span();
        match item.into_inner() {
            DeValue::Table(table) => Some(Section::new(name, place, table)),
            _ => self.problem(place, format!("`{name}` must be a table")),
        }
    }

    /// Reports unknown names at the top level and in the two groups.
    fn reject_unknown(&mut self) {
        let top = take_unknown(&mut self.table, &TOP);
        self.problems.extend(top.into_iter().map(|(name, place)| unknown(&name, place)));
        for (group, known) in [("data", &DATA[..]), ("model", &MODEL[..])] {
            let found = self.table.iter_mut().find(|(name, _)| name.get_ref() == group);
            let Some((_, value)) = found else { continue };
            let place = value.span();
            let Some(table) = inner(value.get_mut()) else {
                let message = format!("`{group}` must hold tables: write [{group}.{}]", known[0]);
                self.problems.push(Problem::at(place, message));
                continue;
            };
            self.problems.extend(take_unknown(table, known).into_iter().map(|(name, place)| {
                let message = format!("unknown table or key `{group}.{name}`");
                Problem::unknown(place, message, &name, known)
            }));
        }
    }

    fn problem<T>(&mut self, place: Place, message: String) -> Option<T> {
        self.problems.push(Problem::at(place, message));
        None
    }
}

/// Removes the names from `table` that are not `known`, and returns them.
fn take_unknown(table: &mut DeTable<'static>, known: &[&str]) -> Vec<(String, Place)> {
    let (expected, unknown): (Vec<_>, Vec<_>) =
        std::mem::take(table).into_iter().partition(|(key, _)| known.contains(&key.get_ref().as_ref()));
    table.extend(expected);
    unknown.into_iter().map(|(key, _)| (key.get_ref().to_string(), key.span())).collect()
}

/// The problem of an unknown top-level name; suggests the group for a table written without it.
fn unknown(name: &str, place: Place) -> Problem {
    let message = format!("unknown table or key `{name}`");
    let group = if MODEL.contains(&name) { Some("model") } else { DATA.contains(&name).then_some("data") };
    match group {
        Some(group) if suggest(name, &TOP).is_none() => {
            Problem::at(place, message).label(format!("did you mean `{group}.{name}`?"))
        }
        _ => Problem::unknown(place, message, name, &TOP),
    }
}

fn remove(table: &mut DeTable<'static>, key: &str) -> Option<Spanned<DeValue<'static>>> {
    let found = table.keys().find(|known| known.get_ref() == key)?.clone();
    table.remove(&found)
}

fn inner<'a>(value: &'a mut DeValue<'static>) -> Option<&'a mut DeTable<'static>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// The name of the plugin in a table.
pub(super) fn plugin<'a>(table: &'a DeTable<'static>) -> Option<&'a str> {
    let (_, value) = table.iter().find(|(key, _)| key.get_ref() == "plugin")?;
    match value.get_ref() {
        DeValue::String(name) => Some(name.as_ref()),
        _ => None,
    }
}
