//! Writing values and tables into a document.

use toml_edit::{Array, ArrayOfTables, Item, Table, TableLike, Value};

use super::walk::walk;

/// Writes `item` at `path`. Returns the paths of the values written.
pub(super) fn set(
    table: &mut dyn TableLike,
    path: &[String],
    item: &Item,
) -> Result<Vec<Vec<String>>, String> {
    let (last, parents) = path.split_last().ok_or("has no key")?;
    let table = walk(table, parents, true)?;
    match table.get_mut(last) {
        Some(Item::Value(old)) => {
            let mut value = as_value(item.clone());
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        Some(Item::Table(old)) => {
            let refused = || format!("`{last}` is a table; name one of its settings");
            let mut fresh = item.clone().into_table().map_err(|_| refused())?;
            *fresh.decor_mut() = old.decor().clone();
            fresh.set_position(old.position());
            *old = fresh;
        }
        Some(Item::ArrayOfTables(old)) => {
            *old = as_list(item).ok_or_else(|| format!("`{last}` is a table; name one of its settings"))?;
        }
        _ => insert(table, last, item.clone()),
    }
    Ok(leaves(path.to_vec(), item))
}

/// Appends a table to the list at `path`. Returns the paths of its values.
pub(super) fn add(
    table: &mut dyn TableLike,
    path: &[String],
    item: &Item,
) -> Result<Vec<Vec<String>>, String> {
    let (last, parents) = path.split_last().ok_or("has no list")?;
    let list = walk(table, parents, true)?;
    let fresh = item.clone().into_table().map_err(|_| format!("what is added to `{last}` is not a table"))?;
    let at = match list.get_mut(last) {
        Some(Item::ArrayOfTables(members)) => {
            members.push(fresh);
            members.len() - 1
        }
        Some(Item::Value(Value::Array(members))) => {
            members.push(Value::InlineTable(fresh.into_inline_table()));
            members.len() - 1
        }
        Some(_) => return Err(format!("`{last}` is not a list of tables")),
        None => {
            list.insert(last, Item::ArrayOfTables(ArrayOfTables::from_iter([fresh])));
            0
        }
    };
    Ok(leaves([path, &[at.to_string()]].concat(), item))
}

/// Inserts a new key; tables get their own header.
fn insert(table: &mut dyn TableLike, key: &str, item: Item) {
    let item = match as_list(&item) {
        Some(list) if !list.is_empty() => Item::ArrayOfTables(list),
        _ => match item.into_table() {
            Ok(inner) => Item::Table(inner),
            Err(item) => {
                let mut value = as_value(item);
                value.decor_mut().clear();
                Item::Value(value)
            }
        },
    };
    table.insert(key, item);
}

/// The item as an array of tables, if all its members are tables.
fn as_list(item: &Item) -> Option<ArrayOfTables> {
    if let Item::ArrayOfTables(list) = item {
        return Some(list.clone());
    }
    let table = |member: &Value| Some(member.as_inline_table()?.clone().into_table());
    let tables: Option<Vec<Table>> = item.as_array()?.iter().map(table).collect();
    tables.map(ArrayOfTables::from_iter)
}

fn as_value(item: Item) -> Value {
    item.into_value().unwrap_or_else(|_| Value::Array(Array::new()))
}

/// The paths of all values in `item`, which is at `path`.
fn leaves(path: Vec<String>, item: &Item) -> Vec<Vec<String>> {
    let below = |key: &str, item: &Item| leaves([path.as_slice(), &[key.to_owned()]].concat(), item);
    match (item.as_table_like(), as_list(item)) {
        (Some(table), _) if !table.is_empty() => {
            table.iter().flat_map(|(key, item)| below(key, item)).collect()
        }
        (None, Some(list)) if !list.is_empty() => {
            let members = list.into_iter().enumerate();
            members.flat_map(|(at, table)| below(&at.to_string(), &Item::Table(table))).collect()
        }
        _ => vec![path],
    }
}
