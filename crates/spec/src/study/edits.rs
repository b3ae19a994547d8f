//! `drop`, `set` and `add`, of a study for all arms or of one arm.

use clip_lab_diagnostics::{Place, Problem};
use toml_edit::{ArrayOfTables, Item, Table, TableLike, Value};

use super::fields::{Fields, Placed};
use crate::{Change, Edit, edit::path, place::line};

/// The text that spans refer to, and its file.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

/// Reads the edits of a table, in the order they are applied.
pub(super) fn edits(fields: &Fields, origin: Origin, problems: &mut Vec<Problem>) -> Vec<Placed<Edit>> {
    let mut reader = Reader { fields, origin, problems, found: Vec::new() };
    reader.drops();
    reader.sets();
    reader.adds();
    reader.found
}

struct Reader<'a, 'b> {
    fields: &'a Fields<'b>,
    origin: Origin<'a>,
    problems: &'a mut Vec<Problem>,
    found: Vec<Placed<Edit>>,
}

impl Reader<'_, '_> {
    fn drops(&mut self) {
        let Some(item) = self.fields.table.get("drop") else { return };
        let Some(list) = item.as_array().filter(|list| list.iter().all(Value::is_str)) else {
            return self.problem(
                "drop",
                item,
                "must be a list of keys, such as `[\"augment\", \"trick.1\"]`",
            );
        };
        let first = self.found.len();
        for value in list.iter() {
            let place = value.span().unwrap_or_else(|| self.fields.place.clone());
            self.push(value.as_str().unwrap_or_default(), &place, Change::Drop, "drop");
        }
        // Indices refer to the original list: drop the last first.
        self.found[first..].sort_by_key(|(edit, _)| std::cmp::Reverse(trailing_index(&edit.path)));
    }

    fn sets(&mut self) {
        let Some(item) = self.fields.table.get("set") else { return };
        let Some(table) = item.as_table_like() else {
            return self.problem("set", item, "must be a table, such as `{ \"optimizer.lr\" = 1e-4 }`");
        };
        self.set(table, "");
    }

    /// `a.b = 1` and `"a.b" = 1` are the same key; `a = { b = 1 }` is a whole table.
    fn set(&mut self, table: &dyn TableLike, prefix: &str) {
        for (key, item) in table.iter() {
            let dotted = item.as_table_like().filter(|inner| inner.is_dotted());
            let name = if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
            let key = table.get_key_value(key).and_then(|(key, _)| key.span());
            let end = item.span().or(key.clone()).unwrap_or_else(|| self.fields.place.clone());
            let place = key.map_or(end.start, |key| key.start.min(end.start))..end.end;
            match dotted {
                Some(inner) => self.set(inner, &name),
                None => self.push(&name, &place, Change::Set(detached(item, self.origin.text)), "set"),
            }
        }
    }

    fn adds(&mut self) {
        let Some(item) = self.fields.table.get("add") else { return };
        let message = "must name lists with tables to add, such as `add.trick = [{ plugin = \"ema\" }]`";
        let Some(table) = item.as_table_like() else { return self.problem("add", item, message) };
        for (key, list) in table.iter() {
            match members(list, self.origin.text) {
                Some(tables) => {
                    for (table, place) in tables {
                        let place = place.unwrap_or_else(|| self.fields.place.clone());
                        self.push(key, &place, Change::Add(table), "add");
                    }
                }
                None => self.problem("add", list, message),
            }
        }
    }

    fn push(&mut self, key: &str, place: &Place, change: Change, verb: &str) {
        let Some(path) = path(key) else {
            let message = format!("{}, `{verb}`: `{key}` is not a dotted key", self.fields.name);
            return self.problems.push(Problem::at(place.clone(), message));
        };
        if path == ["run", "seed"] {
            let message = format!("{}, `{verb}`: a study takes its seeds from `seeds`", self.fields.name);
            return self.problems.push(Problem::at(place.clone(), message).help("remove `run.seed`"));
        }
        let at = line(self.origin.text, place.start);
        let by = format!("{}:{at}, {} of {}", self.origin.file, verb, self.fields.name);
        self.found.push((Edit { by, layer: self.fields.name.to_string(), path, change }, place.clone()));
    }

    fn problem(&mut self, key: &str, item: &Item, message: &str) {
        let place = self.fields.place_of(key, item);
        self.problems.push(Problem::at(place, format!("{}: `{key}` {message}", self.fields.name)));
    }
}

/// The index at the end of a path; paths without one sort last.
fn trailing_index(path: &[String]) -> Option<usize> {
    path.last()?.parse().ok()
}

/// The tables of a list, with their spans.
fn members(list: &Item, text: &str) -> Option<Vec<(Item, Option<Place>)>> {
    match list {
        Item::ArrayOfTables(tables) => Some(
            tables.iter().map(|table| (Item::Table(detached_table(table, text)), table.span())).collect(),
        ),
        _ => {
            let member = |value: &Value| {
                value.as_inline_table()?;
                Some((detached(&Item::Value(value.clone()), text), value.span()))
            };
            list.as_array()?.iter().map(member).collect()
        }
    }
}

/// A copy of an item without spans into the text it was parsed from.
fn detached(item: &Item, text: &str) -> Item {
    match item {
        Item::Table(table) => Item::Table(detached_table(table, text)),
        Item::ArrayOfTables(list) => Item::ArrayOfTables(
            list.iter().map(|table| detached_table(table, text)).collect::<ArrayOfTables>(),
        ),
        _ => {
            let written = item.span().and_then(|place| text.get(place)?.parse::<Value>().ok());
            written.map_or(Item::None, Item::Value)
        }
    }
}

fn detached_table(table: &Table, text: &str) -> Table {
    table.iter().map(|(key, item)| (toml_edit::Key::new(key), detached(item, text))).collect()
}
