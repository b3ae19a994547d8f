//! `--set a.b=value`: edits the text of a spec, comments and order kept.

use clip_lab_problem::Problem;
use toml_edit::{DocumentMut, Item, Key, Table, TableLike, Value};

/// A `--set` that found its place.
pub(super) struct Edit {
    /// As the user typed it.
    pub set: String,
    /// The key it wrote.
    pub path: Vec<String>,
}

/// The text after every `--set`, what they wrote, and a problem for each that cannot be done.
pub(super) fn apply(text: &str, sets: &[String]) -> (String, Vec<Edit>, Vec<Problem>) {
    let mut document = match text.parse::<DocumentMut>() {
        Ok(document) if !sets.is_empty() => document,
        _ => return (text.to_owned(), Vec::new(), Vec::new()),
    };
    let (mut edits, mut problems) = (Vec::new(), Vec::new());
    for set in sets {
        match edit(&mut document, set) {
            Ok(path) => edits.push(Edit { set: set.clone(), path }),
            Err(why) => problems.push(Problem::new(format!("`--set {set}`: {why}"))),
        }
    }
    (document.to_string(), edits, problems)
}

fn edit(document: &mut DocumentMut, set: &str) -> Result<Vec<String>, String> {
    let (key, value) = set.split_once('=').ok_or("has no `=`; write `--set table.key=value`")?;
    let keys = Key::parse(key.trim()).map_err(|_| format!("`{key}` is not a dotted key"))?;
    let path: Vec<String> = keys.iter().map(|key| key.get().to_owned()).collect();
    let (last, parents) = path.split_last().ok_or("names no key")?;
    write(walk(document.as_table_mut(), parents)?, last, value.trim())?;
    Ok(path)
}

/// The table at `path`; tables that are not there are made, members of lists are not.
fn walk<'a>(table: &'a mut dyn TableLike, path: &[String]) -> Result<&'a mut dyn TableLike, String> {
    let Some((step, rest)) = path.split_first() else { return Ok(table) };
    if !table.contains_key(step) {
        if rest.first().is_some_and(|next| next.parse::<usize>().is_ok()) {
            return Err(format!("there is no `{step}.{}`: the spec has no `{step}`", rest[0]));
        }
        let mut fresh = Table::new();
        fresh.set_implicit(true);
        table.insert(step, Item::Table(fresh));
    }
    match table.get_mut(step) {
        Some(Item::ArrayOfTables(list)) => {
            let (at, rest) = index(step, rest, list.len())?;
            list.get_mut(at).map_or_else(|| Err(missing(step, at)), |member| walk(member, rest))
        }
        Some(Item::Value(Value::Array(list))) => {
            let (at, rest) = index(step, rest, list.len())?;
            let member = list.get_mut(at).and_then(Value::as_inline_table_mut);
            member.map_or_else(|| Err(missing(step, at)), |member| walk(member, rest))
        }
        Some(item) => match item.as_table_like_mut() {
            Some(inner) => walk(inner, rest),
            None => Err(format!("`{step}` is a value and has no settings of its own")),
        },
        None => Err(format!("there is no `{step}`")),
    }
}

/// The number that follows the name of a list, and what follows it.
fn index<'a>(list: &str, rest: &'a [String], len: usize) -> Result<(usize, &'a [String]), String> {
    let wanted = rest.split_first().and_then(|(first, rest)| Some((first.parse().ok()?, rest)));
    match wanted {
        Some((at, rest)) if at < len => Ok((at, rest)),
        Some((at, _)) => {
            Err(format!("there is no `{list}.{at}`: the spec has {len} of them, counted from 0"))
        }
        None => Err(format!("`{list}` is a list; number its members from 0, such as `{list}.0.plugin`")),
    }
}

fn missing(list: &str, at: usize) -> String {
    format!("`{list}.{at}` is not a table")
}

/// Writes a value and keeps the comment behind the old one.
fn write(table: &mut dyn TableLike, key: &str, text: &str) -> Result<(), String> {
    let mut value = text.parse::<Value>().unwrap_or_else(|_| Value::from(text));
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        Some(Item::Table(_) | Item::ArrayOfTables(_)) => {
            return Err(format!("`{key}` is a table; name one of its settings"));
        }
        _ => {
            value.decor_mut().clear();
            table.insert(key, Item::Value(value));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "[run]\nbatch = 64 # pairs\n\n[[trick]]\nplugin = \"freeze\"\n";

    fn after(sets: &[&str]) -> (String, Vec<String>) {
        let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
        let (text, _, problems) = apply(SPEC, &sets);
        (text, problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn a_value_is_replaced_and_its_comment_stays() {
        let (text, problems) = after(&["run.batch=32"]);
        assert_eq!(text, SPEC.replace("64", "32"));
        assert!(problems.is_empty());
    }

    #[test]
    fn what_is_not_toml_is_a_string_and_lists_are_indexed() {
        let (text, problems) = after(&["run.device=cuda:1", "trick.0.params=[\"image\"]"]);
        assert!(text.contains("batch = 64 # pairs\ndevice = \"cuda:1\"\n"), "{text}");
        assert!(text.ends_with("plugin = \"freeze\"\nparams = [\"image\"]\n"), "{text}");
        assert!(problems.is_empty());
    }

    #[test]
    fn a_missing_table_is_made() {
        let (text, problems) = after(&["data.train.root=/photos", "loss.scale=5.0"]);
        assert!(text.contains("[data.train]\nroot = \"/photos\"\n"), "{text}");
        assert!(text.ends_with("[loss]\nscale = 5.0\n"), "{text}");
        assert!(problems.is_empty());
    }

    #[test]
    fn every_faulty_one_names_itself() {
        let (text, problems) = after(&[
            "run.batch",
            "trick.1.a=2",
            "trick.a=2",
            "run.batch.x=1",
            "run=2",
            "a b=1",
            "eval.0.k=[1]",
        ]);
        assert_eq!(text, SPEC);
        let expected = [
            "`--set run.batch`: has no `=`; write `--set table.key=value`",
            "`--set trick.1.a=2`: there is no `trick.1`: the spec has 1 of them, counted from 0",
            "`--set trick.a=2`: `trick` is a list; number its members from 0, such as `trick.0.plugin`",
            "`--set run.batch.x=1`: `batch` is a value and has no settings of its own",
            "`--set run=2`: `run` is a table; name one of its settings",
            "`--set a b=1`: `a b` is not a dotted key",
            "`--set eval.0.k=[1]`: there is no `eval.0`: the spec has no `eval`",
        ];
        assert_eq!(problems, expected);
    }
}
