//! The JSON Schema of a whole spec, generated from the catalog, for completion and checks in editors.

use clip_lab_plugin_api::{Catalog, Description};
use schemars::schema_for;
use serde_json::{Map, Value, json};

use super::{Classifier, Libraries, Preprocess, Run};

/// The schema as the text of a file.
pub fn text(catalog: &Catalog) -> String {
    format!("{:#}\n", schema(catalog))
}

/// The schema of a spec.
pub fn schema(catalog: &Catalog) -> Value {
    let mut defs = Map::new();
    let run = settings("run", schema_for!(Run).to_value(), &mut defs);
    let libraries = settings("plugins", schema_for!(Libraries).to_value(), &mut defs);
    let preprocess = settings("preprocess", schema_for!(Preprocess).to_value(), &mut defs);
    let classifier = settings("classifier", schema_for!(Classifier).to_value(), &mut defs);
    let kinds = catalog.kinds();
    let mut plugin_table = |key: &str, extra: Extra| {
        let plugins = kinds.iter().find(|(kind, ..)| *kind == key).map(|(.., plugins)| plugins.as_slice());
        table(key, plugins.unwrap_or_default(), extra, &mut defs)
    };
    let text = |help: &str| json!({ "type": "string", "description": help });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let (train, split) = (plugin_table("data", Extra::None), plugin_table("data", Extra::Inherits));
    let projection = plugin_table("projection", Extra::From);
    let properties = json!({
        "name": text("Name of the run."),
        "description": text("Purpose of the run."),
        "plugins": libraries,
        "run": run,
        "data": group(&[("train", train), ("val", split.clone()), ("test", split)]),
        "preprocess": preprocess,
        "augment": list(plugin_table("augment", Extra::None)),
        "tokenizer": plugin_table("tokenizer", Extra::From),
        "model": group(&[
            ("image", plugin_table("image", Extra::From)),
            ("text", plugin_table("text", Extra::From)),
            ("image_projection", projection.clone()),
            ("text_projection", projection),
            ("classifier", classifier),
            ("lock", lock()),
        ]),
        "loss": plugin_table("loss", Extra::From),
        "optimizer": plugin_table("optimizer", Extra::None),
        "schedule": plugin_table("schedule", Extra::None),
        "trick": list(plugin_table("trick", Extra::None)),
        "eval": list(plugin_table("eval", Extra::On)),
    });
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An experiment of clip-lab",
        "type": "object",
        "properties": properties,
        "required": ["name", "run", "data", "model", "loss", "optimizer", "schedule", "eval"],
        "additionalProperties": false,
    });
    root["$defs"] = Value::Object(defs);
    root
}

/// The tables of a spec that name no plugin, with their settings and defaults.
pub fn tables() -> Vec<Description> {
    vec![
        description("run", schema_for!(Run).to_value(), &Run::default()),
        description("preprocess", schema_for!(Preprocess).to_value(), &Preprocess::default()),
        description("model.classifier", schema_for!(Classifier).to_value(), &Classifier::default()),
        description("plugins", schema_for!(Libraries).to_value(), &Libraries::default()),
    ]
}

fn description(name: &'static str, schema: Value, defaults: &impl serde::Serialize) -> Description {
    Description { name, schema, defaults: serde_json::to_value(defaults).unwrap_or_default() }
}

/// Keys of a table besides the settings of its plugin.
#[derive(Clone, Copy, PartialEq)]
enum Extra {
    None,
    /// `from`, which may replace the plugin.
    From,
    /// `on`, the splits of an evaluator.
    On,
    /// Every key that `[data.train]` sets may be left out, also the plugin.
    Inherits,
}

/// A table that names a plugin: one variant for each plugin, with its settings.
fn table(kind: &str, plugins: &[Description], extra: Extra, defs: &mut Map<String, Value>) -> Value {
    let mut variants: Vec<Value> = plugins.iter().map(|plugin| variant(kind, plugin, extra, defs)).collect();
    let unnamed = json!({ "type": "object", "not": { "required": ["plugin"] } });
    match extra {
        Extra::From => {
            let mut bare = unnamed;
            bare["properties"] = json!({ "from": from() });
            variants.push(bare);
        }
        Extra::Inherits => variants.push(unnamed),
        Extra::None | Extra::On => {}
    }
    json!({ "type": "object", "oneOf": variants })
}

fn variant(kind: &str, plugin: &Description, extra: Extra, defs: &mut Map<String, Value>) -> Value {
    let mut schema = settings(&format!("{kind}.{}", plugin.name), plugin.schema.clone(), defs);
    schema["title"] = json!(plugin.name);
    schema["required"] = json!(["plugin"]);
    schema["properties"]["plugin"] = json!({ "const": plugin.name });
    match extra {
        Extra::From => schema["properties"]["from"] = from(),
        Extra::On => schema["properties"]["on"] = on(),
        Extra::None | Extra::Inherits => {}
    }
    schema
}

fn from() -> Value {
    json!({
        "type": "string",
        "description": "Checkpoint to start from: a folder or safetensors file of another tool or of a run, `hf:org/name`, or the name of cataloged weights."
    })
}

fn lock() -> Value {
    json!({
        "type": "string",
        "pattern": "^[LUu]{1,2}$",
        "description": "Initialisation and training of the towers, image then text: L locked and pretrained, U unlocked and pretrained, u unlocked and random."
    })
}

fn on() -> Value {
    json!({
        "type": "array",
        "items": { "enum": ["val", "test"] },
        "description": "Splits to run on. Default: every split of the spec."
    })
}

fn group(tables: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        tables.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// The schema of a settings struct. Its definitions move to `defs`, prefixed with `name`.
fn settings(name: &str, mut schema: Value, defs: &mut Map<String, Value>) -> Value {
    requalify(&mut schema, name);
    let Some(object) = schema.as_object_mut() else { return schema };
    object.remove("$schema");
    if let Some(Value::Object(own)) = object.remove("$defs") {
        defs.extend(own.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
    }
    schema
}

/// Rewrites every `$ref` to the moved definitions.
fn requalify(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                match value {
                    Value::String(target) if key == "$ref" => {
                        *target = target.replace("#/$defs/", &format!("#/$defs/{name}."));
                    }
                    _ => requalify(value, name),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| requalify(item, name)),
        _ => {}
    }
}
