//! `clip-lab plugins`: lists plugins, with every setting, its default and its help.

use anyhow::{Result, anyhow};
use clip_lab_cli::{PluginsArgs, json_document, print};
use clip_lab_plugin_api::{Catalog, Description, diagnostics::suggest};
use serde_json::{Map, Value, json};

use crate::plan::schema;

/// Prints the catalog, the plugins of a kind, one plugin, or the schema of a spec.
///
/// # Errors
/// If no kind or plugin has this name.
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
    if let (Some(name), None) = (args.kind.as_deref(), args.name.as_deref())
        && let Some(table) = table(name)
    {
        return Ok(explain(&table));
    }
    let chosen = chosen(args, catalog)?;
    Ok(chosen.iter().flat_map(|(_, plugins)| plugins).map(explain).collect::<Vec<_>>().join("\n"))
}

/// The JSON output: help, settings schema and defaults of each plugin.
fn described(args: &PluginsArgs, catalog: &Catalog) -> Result<String> {
    let one = |plugin: &Description| {
        let about = json!({
            "help": help(&plugin.schema), "schema": plugin.schema, "defaults": plugin.defaults,
        });
        (plugin.name.to_owned(), about)
    };
    let chosen = chosen(args, catalog)?;
    let kinds = chosen.iter().map(|(key, plugins)| ((*key).to_owned(), plugins.iter().map(one).collect()));
    Ok(json_document(json!({ "kinds": kinds.collect::<Map<_, _>>() })))
}

/// The selected kinds, each with its selected plugins.
fn chosen(args: &PluginsArgs, catalog: &Catalog) -> Result<Vec<(&'static str, Vec<Description>)>> {
    let kinds = catalog.kinds();
    let Some(kind) = &args.kind else {
        return Ok(kinds.into_iter().map(|(key, _, plugins)| (key, plugins)).collect());
    };
    let tables = tables();
    let known: Vec<&str> =
        kinds.iter().map(|(key, ..)| *key).chain(tables.iter().map(|table| table.name)).collect();
    let unknown = unknown_name("unknown plugin kind or table", kind, &known);
    let found = kinds.into_iter().find(|(key, ..)| key == kind);
    let (key, label, mut plugins) = found.ok_or(unknown)?;
    if let Some(name) = &args.name {
        let known: Vec<&str> = plugins.iter().map(|plugin| plugin.name).collect();
        plugins.retain(|plugin| plugin.name == name);
        if plugins.is_empty() {
            return Err(unknown_name(&format!("no {label} plugin is called"), name, &known));
        }
    }
    Ok(vec![(key, plugins)])
}

/// The tables that name no plugin: those of a spec, and `study`.
pub(crate) fn tables() -> Vec<Description> {
    let study = serde_json::from_str(include_str!("../../experiments/study.schema.json")).unwrap_or_default();
    let study = Description { name: "study", schema: study, defaults: Value::Null };
    schema::tables().into_iter().chain([model(), study]).collect()
}

/// `[model]`, whose tables name plugins.
fn model() -> Description {
    let table = |kind: &str, help: &str| json!({ "type": format!("table, see `plugins {kind}`"), "description": help });
    let properties = json!({
        "lock": { "type": "string", "description": "What is pretrained and what is trained, image tower then text tower: L locked and pretrained, U unlocked and pretrained, u unlocked and random. `LU` is LiT, `uu` CLIP from scratch." },
        "image": table("image", "The image tower. `from` names weights to start from."),
        "text": table("text", "The text tower. `from` names weights to start from."),
        "image_projection": table("projection", "Image features to the shared embedding space."),
        "text_projection": table("projection", "Text features to the shared embedding space."),
        "classifier": table("model.classifier", "Trains image classification in place of image-text pairs."),
    });
    let schema = json!({ "description": "The towers and their projections.", "properties": properties });
    Description { name: "model", schema, defaults: Value::Null }
}

fn table(name: &str) -> Option<Description> {
    tables().into_iter().find(|table| table.name == name)
}

fn unknown_name(message: &str, name: &str, known: &[&str]) -> anyhow::Error {
    let hint = suggest(name, known).map(|other| format!("; did you mean `{other}`?")).unwrap_or_default();
    anyhow!("{message} `{name}`{hint} (known: {})", known.join(", "))
}

/// Every kind and its plugins, each with the first sentence of its help.
fn list(catalog: &Catalog) -> String {
    let mut out = String::new();
    for (key, _, plugins) in catalog.kinds() {
        out += &format!("{key}\n");
        for plugin in plugins {
            out += &format!("  {:<20} {}\n", plugin.name, first_sentence(&help(&plugin.schema)));
        }
    }
    let tables = tables().iter().map(|table| table.name).collect::<Vec<_>>().join(", ");
    out + "\n`clip-lab plugins KIND NAME` shows all settings of a plugin, `clip-lab plugins TABLE` those of a table: "
        + &tables
        + "\n"
}

/// One plugin: its help, then its settings.
fn explain(plugin: &Description) -> String {
    let mut out = format!("{}\n{}\n", plugin.name, indented(&help(&plugin.schema), 2));
    for (key, schema) in plugin.schema["properties"].as_object().into_iter().flatten() {
        let default = default(&plugin.defaults[key]);
        out += &format!("\n  {key} = {default}    {}\n", kind(schema, &plugin.schema));
        out += &format!("{}\n", indented(&help(schema), 6));
    }
    out
}

/// A default as specs write it.
pub(crate) fn default(value: &Value) -> String {
    if value.is_null() { "unset".to_owned() } else { value.to_string() }
}

pub(crate) fn help(schema: &Value) -> String {
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

/// The type of a setting as text: `integer`, `string, optional`, `one | all`.
pub(crate) fn kind(schema: &Value, root: &Value) -> String {
    let all = |schemas: &Value, joint: &str| {
        let types = schemas.as_array().into_iter().flatten().map(|schema| kind(schema, root));
        types.collect::<Vec<_>>().join(joint)
    };
    if let Some(target) = schema["$ref"].as_str() {
        return root
            .pointer(target.trim_start_matches('#'))
            .map(|schema| kind(schema, root))
            .unwrap_or_default();
    }
    if let Some(value) = schema["const"].as_str() {
        return value.to_owned();
    }
    match schema {
        _ if schema["enum"].is_array() => names(&schema["enum"], " | "),
        _ if schema["oneOf"].is_array() => all(&schema["oneOf"], " | "),
        _ if schema["anyOf"].is_array() => optional(&all(&schema["anyOf"], NULL_JOINT)),
        _ if schema["type"].is_array() => optional(&names(&schema["type"], NULL_JOINT)),
        _ if schema["type"] == "array" => format!("array of {}", kind(&schema["items"], root)),
        _ => schema["type"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Between the types of a setting that has several.
const NULL_JOINT: &str = " or ";

/// `integer, optional` for `integer or null`: TOML has no null, and the key is left out.
fn optional(types: &str) -> String {
    types.strip_suffix(" or null").map_or_else(|| types.to_owned(), |rest| format!("{rest}, optional"))
}

fn names(list: &Value, joint: &str) -> String {
    let names = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.collect::<Vec<_>>().join(joint)
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
        for (_, _, plugins) in builtin::catalog().kinds() {
            for plugin in plugins {
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
