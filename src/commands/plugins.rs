//! `clip-lab plugins`: what a spec may name, with every setting, its default and its help.

use anyhow::{Result, anyhow};
use clip_lab_api::{Catalog, Description, problem::nearest};
use clip_lab_cli::{PluginsArgs, answer, print};
use serde_json::{Map, Value, json};

use crate::plan::schema;

/// Prints the catalog, a shelf of it, one plugin, or the schema of a spec.
///
/// # Errors
/// When there is no such kind or plugin.
pub fn plugins(args: &PluginsArgs, catalog: &Catalog) -> Result<()> {
    print(if args.json { described(args, catalog)? } else { text(args, catalog)? });
    Ok(())
}

fn text(args: &PluginsArgs, catalog: &Catalog) -> Result<String> {
    if args.schema {
        return Ok(schema::text(catalog));
    }
    if args.kind.is_none() {
        return Ok(list(catalog));
    }
    let chosen = chosen(args, catalog)?;
    Ok(chosen.iter().flat_map(|(_, shelf)| shelf).map(explain).collect::<Vec<_>>().join("\n"))
}

/// The same for programs: of each plugin its help, the schema of its settings, and their defaults.
fn described(args: &PluginsArgs, catalog: &Catalog) -> Result<String> {
    let one = |plugin: &Description| {
        let about = json!({
            "help": help(&plugin.schema), "schema": plugin.schema, "defaults": plugin.defaults,
        });
        (plugin.name.to_owned(), about)
    };
    let chosen = chosen(args, catalog)?;
    let kinds = chosen.iter().map(|(key, shelf)| ((*key).to_owned(), shelf.iter().map(one).collect()));
    Ok(answer(json!({ "kinds": kinds.collect::<Map<_, _>>() })))
}

/// The kinds that are asked about, each with the plugins of it that are.
fn chosen(args: &PluginsArgs, catalog: &Catalog) -> Result<Vec<(&'static str, Vec<Description>)>> {
    let kinds = catalog.kinds();
    let Some(wanted) = &args.kind else {
        return Ok(kinds.into_iter().map(|(key, _, shelf)| (key, shelf)).collect());
    };
    let known: Vec<&str> = kinds.iter().map(|(key, ..)| *key).collect();
    let stranger = stranger("no kind of plugin is called", wanted, &known);
    let found = kinds.into_iter().find(|(key, ..)| key == wanted);
    let (key, words, mut shelf) = found.ok_or(stranger)?;
    if let Some(name) = &args.name {
        let known: Vec<&str> = shelf.iter().map(|plugin| plugin.name).collect();
        let stranger = self::stranger(&format!("no {words} plugin is called"), name, &known);
        shelf.retain(|plugin| plugin.name == name);
        if shelf.is_empty() {
            return Err(stranger);
        }
    }
    Ok(vec![(key, shelf)])
}

fn stranger(words: &str, name: &str, known: &[&str]) -> anyhow::Error {
    let hint = nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    anyhow!("{words} `{name}`{hint} (known: {})", known.join(", "))
}

/// Every kind and its plugins, each with its first sentence of help.
fn list(catalog: &Catalog) -> String {
    let mut out = String::new();
    for (key, _, shelf) in catalog.kinds() {
        out += &format!("{key}\n");
        for plugin in shelf {
            out += &format!("  {:<20} {}\n", plugin.name, first_sentence(&help(&plugin.schema)));
        }
    }
    out + "\n`clip-lab plugins KIND NAME` explains one with all its settings.\n"
}

/// One plugin: its help, then a line or two for each setting.
fn explain(plugin: &Description) -> String {
    let mut out = format!("{}\n{}\n", plugin.name, indented(&help(&plugin.schema), 2));
    for (key, schema) in plugin.schema["properties"].as_object().into_iter().flatten() {
        let default = match &plugin.defaults[key] {
            Value::Null => "unset".to_owned(),
            value => value.to_string(),
        };
        out += &format!("\n  {key} = {default}    {}\n", kind(schema, &plugin.schema));
        out += &format!("{}\n", indented(&help(schema), 6));
    }
    out
}

fn help(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

fn first_sentence(text: &str) -> String {
    let flat = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    match flat.find(". ") {
        Some(end) => flat[..=end].to_owned(),
        None => flat,
    }
}

fn indented(text: &str, by: usize) -> String {
    let lines = text.lines().map(|line| format!("{:by$}{line}", ""));
    lines.collect::<Vec<_>>().join("\n")
}

/// The type of a setting in words: `integer`, `string or null`, `one | all`.
fn kind(schema: &Value, root: &Value) -> String {
    let all = |schemas: &Value, joint: &str| {
        let words = schemas.as_array().into_iter().flatten().map(|schema| kind(schema, root));
        words.collect::<Vec<_>>().join(joint)
    };
    if let Some(target) = schema["$ref"].as_str() {
        return root
            .pointer(target.trim_start_matches('#'))
            .map(|schema| kind(schema, root))
            .unwrap_or_default();
    }
    if let Some(word) = schema["const"].as_str() {
        return word.to_owned();
    }
    match schema {
        _ if schema["enum"].is_array() => names(&schema["enum"], " | "),
        _ if schema["oneOf"].is_array() => all(&schema["oneOf"], " | "),
        _ if schema["anyOf"].is_array() => all(&schema["anyOf"], " or "),
        _ if schema["type"].is_array() => names(&schema["type"], " or "),
        _ if schema["type"] == "array" => format!("array of {}", kind(&schema["items"], root)),
        _ => schema["type"].as_str().unwrap_or_default().to_owned(),
    }
}

fn names(list: &Value, joint: &str) -> String {
    let words = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(joint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;

    fn shown(kind: Option<&str>, name: Option<&str>) -> Result<String> {
        let args = PluginsArgs {
            kind: kind.map(str::to_owned),
            name: name.map(str::to_owned),
            schema: false,
            json: false,
        };
        text(&args, &builtin::catalog())
    }

    #[test]
    fn a_plugin_is_explained_with_its_defaults() {
        let shown = shown(Some("schedule"), Some("cosine")).unwrap();
        assert!(shown.contains("  warmup = 0    integer"), "{shown}");
    }

    #[test]
    fn every_plugin_is_listed_with_a_sentence_of_help() {
        let shown = shown(None, None).unwrap();
        for line in shown.lines().filter(|line| line.starts_with("  ")) {
            assert!(line.split_whitespace().count() > 2, "no help: {line}");
        }
    }

    #[test]
    fn every_setting_has_help() {
        for (_, _, shelf) in builtin::catalog().kinds() {
            for plugin in shelf {
                for (key, schema) in plugin.schema["properties"].as_object().into_iter().flatten() {
                    assert!(!help(schema).is_empty(), "{}.{key} has no help", plugin.name);
                }
            }
        }
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        let error = shown(Some("loss"), Some("siglp")).unwrap_err().to_string();
        assert_eq!(
            error,
            "no loss plugin is called `siglp`; did you mean `siglip`? (known: clip, siglip, multi_positive, cross_entropy)"
        );
    }
}
