//! The JSON Schema of a whole spec, made from the catalog: editors complete and check with it.

use clip_lab_api::{Catalog, Description};
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
    let mut shelf = |key: &str, extra: Extra| {
        let plugins = kinds.iter().find(|(kind, ..)| *kind == key).map(|(.., plugins)| plugins.as_slice());
        table(key, plugins.unwrap_or_default(), extra, &mut defs)
    };
    let text = |help: &str| json!({ "type": "string", "description": help });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let (train, split) = (shelf("data", Extra::None), shelf("data", Extra::Inherits));
    let projection = shelf("projection", Extra::From);
    let properties = json!({
        "name": text("What the run is called."),
        "description": text("What the run is for."),
        "plugins": libraries,
        "run": run,
        "data": group(&[("train", train), ("val", split.clone()), ("test", split)]),
        "preprocess": preprocess,
        "augment": list(shelf("augment", Extra::None)),
        "tokenizer": shelf("tokenizer", Extra::From),
        "model": group(&[
            ("image", shelf("image", Extra::From)),
            ("text", shelf("text", Extra::From)),
            ("image_projection", projection.clone()),
            ("text_projection", projection),
            ("classifier", classifier),
            ("lock", lock()),
        ]),
        "loss": shelf("loss", Extra::From),
        "optimizer": shelf("optimizer", Extra::None),
        "schedule": shelf("schedule", Extra::None),
        "trick": list(shelf("trick", Extra::None)),
        "eval": list(shelf("eval", Extra::On)),
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

/// What a table takes besides the settings of its plugin.
#[derive(Clone, Copy, PartialEq)]
enum Extra {
    None,
    /// `from`, which may bring the plugin.
    From,
    /// `on`, the splits of an evaluator.
    On,
    /// Anything that `[data.train]` says may be left out, the plugin too.
    Inherits,
}

/// A table that names a plugin: one of them by its name, each with its own settings.
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
        "description": "A checkpoint to start from: a folder or safetensors file of another tool or of a run, `hf:org/name` or known weights."
    })
}

fn lock() -> Value {
    json!({
        "type": "string",
        "pattern": "^[LUu]{1,2}$",
        "description": "What is pretrained and what learns, image tower then text tower: L locked and pretrained, U unlocked and pretrained, u unlocked and random."
    })
}

fn on() -> Value {
    json!({
        "type": "array",
        "items": { "enum": ["val", "test"] },
        "description": "The splits to run on; left out, all that the spec has."
    })
}

fn group(tables: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        tables.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// The schema of a settings struct; its definitions move to `defs` under names that begin with `name`.
fn settings(name: &str, mut schema: Value, defs: &mut Map<String, Value>) -> Value {
    requalify(&mut schema, name);
    let Some(object) = schema.as_object_mut() else { return schema };
    object.remove("$schema");
    if let Some(Value::Object(own)) = object.remove("$defs") {
        defs.extend(own.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
    }
    schema
}

/// Lets every `$ref` point at the moved definitions.
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
