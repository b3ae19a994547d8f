//! Resolves paths in a document.

use clip_lab_diagnostics::suggest;
use toml_edit::{Item, Table, TableLike, Value};

/// The table at `path`. With `create`, missing tables are created; members of lists never are.
pub(super) fn walk<'a>(
    table: &'a mut dyn TableLike,
    path: &[String],
    create: bool,
) -> Result<&'a mut dyn TableLike, String> {
    let Some((step, rest)) = path.split_first() else { return Ok(table) };
    if !table.contains_key(step) {
        if rest.first().is_some_and(|next| next.parse::<usize>().is_ok()) {
            return Err(format!("there is no `{step}.{}`: the spec has no `{step}`", rest[0]));
        }
        if !create {
            return Err(unknown_key(table, &[], step));
        }
        let mut fresh = Table::new();
        fresh.set_implicit(true);
        table.insert(step, Item::Table(fresh));
    }
    match table.get_mut(step) {
        Some(Item::ArrayOfTables(list)) => {
            let (at, rest) = index(step, rest, list.len())?;
            list.get_mut(at).map_or_else(|| Err(not_a_table(step, at)), |member| walk(member, rest, create))
        }
        Some(Item::Value(Value::Array(list))) => {
            let (at, rest) = index(step, rest, list.len())?;
            let member = list.get_mut(at).and_then(Value::as_inline_table_mut);
            member.map_or_else(|| Err(not_a_table(step, at)), |member| walk(member, rest, create))
        }
        Some(item) => match item.as_table_like_mut() {
            Some(inner) => walk(inner, rest, create),
            None => Err(format!("`{step}` is a value and has no settings of its own")),
        },
        None => Err(format!("there is no `{step}`")),
    }
}

/// Removes the item at `path`.
pub(super) fn drop(table: &mut dyn TableLike, path: &[String]) -> Result<(), String> {
    if let [parents @ .., list, at] = path
        && let Ok(at) = at.parse::<usize>()
    {
        return drop_member(walk(table, parents, false)?, list, at);
    }
    let (last, parents) = path.split_last().ok_or("has no key")?;
    let table = walk(table, parents, false)?;
    table.remove(last).map(|_| ()).ok_or_else(|| unknown_key(table, parents, last))
}

fn drop_member(table: &mut dyn TableLike, list: &str, at: usize) -> Result<(), String> {
    let out_of =
        |len: usize| Err(format!("there is no `{list}.{at}`: the spec has {len} of them, counted from 0"));
    match table.get_mut(list) {
        Some(Item::ArrayOfTables(members)) if at < members.len() => {
            members.remove(at);
            Ok(())
        }
        Some(Item::Value(Value::Array(members))) if at < members.len() => {
            members.remove(at);
            Ok(())
        }
        Some(Item::ArrayOfTables(members)) => out_of(members.len()),
        Some(Item::Value(Value::Array(members))) => out_of(members.len()),
        Some(_) => Err(format!("`{list}` is not a list")),
        None => Err(format!("there is no `{list}.{at}`: the spec has no `{list}`")),
    }
}

/// The index that follows the name of a list, and the rest of the path.
fn index<'a>(list: &str, rest: &'a [String], len: usize) -> Result<(usize, &'a [String]), String> {
    let found = rest.split_first().and_then(|(first, rest)| Some((first.parse().ok()?, rest)));
    match found {
        Some((at, rest)) if at < len => Ok((at, rest)),
        Some((at, _)) => {
            Err(format!("there is no `{list}.{at}`: the spec has {len} of them, counted from 0"))
        }
        None => Err(format!("`{list}` is a list; number its members from 0, such as `{list}.0.plugin`")),
    }
}

fn not_a_table(list: &str, at: usize) -> String {
    format!("`{list}.{at}` is not a table")
}

fn unknown_key(table: &dyn TableLike, parents: &[String], key: &str) -> String {
    let dotted = parents.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join(".");
    let keys: Vec<&str> = table.iter().map(|(key, _)| key).collect();
    match suggest(key, &keys) {
        Some(similar) => format!("there is no `{dotted}`; did you mean `{similar}`?"),
        None if keys.is_empty() => format!("there is no `{dotted}`"),
        None => format!("there is no `{dotted}`; existing keys: {}", keys.join(", ")),
    }
}
