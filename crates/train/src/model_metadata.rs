//! The description of a model in a checkpoint: plugins and settings, so that `from` can load it without its spec.

use std::path::Path;

use clip_lab_checkpoint as checkpoint;
use clip_lab_plugin_api::{Kind, Planned};
use serde_json::{Map, Value, json};

use clip_lab_plan::{Plan, Preprocess};

/// Settings that name a file; made absolute, because they are relative to the spec's folder.
const FILES: [&str; 1] = ["path"];

/// The model of a plan as JSON, for `metadata.model` of a checkpoint; includes the `classes` of a classifier in order.
pub fn model_metadata(plan: &Plan, classes: &[String]) -> String {
    let mut parts = Map::new();
    let mut add = |name: &str, part: Value| drop(parts.insert(name.to_owned(), part));
    add("image", part(&plan.image.encoder));
    add("image_projection", part(&plan.image.head.projection));
    add("preprocess", preprocess(&plan.image.preprocess));
    if let Some(text) = &plan.text {
        add("text", part(&text.encoder));
        add("text_projection", part(&text.head.projection));
        add("tokenizer", part(&text.tokenizer));
    }
    if let Some(settings) = &plan.classifier {
        add("classifier", json!({ "settings": settings, "classes": classes }));
    }
    add("loss", part(&plan.loss));
    Value::Object(parts).to_string()
}

fn part<K: Kind + ?Sized>(planned: &Planned<K>) -> Value {
    let mut settings = planned.settings.clone();
    for key in FILES {
        if let Some(Value::String(file)) = settings.get_mut(key) {
            *file = absolute(file);
        }
    }
    json!({ "plugin": planned.name, "settings": settings })
}

fn absolute(file: &str) -> String {
    Path::new(file).canonicalize().map_or_else(|_| file.to_owned(), |path| path.display().to_string())
}

/// The checkpoint's format, with the sizes of the resized image and of the crop.
fn preprocess(planned: &Preprocess) -> Value {
    let Preprocess { size, mean, std, resize, interpolation, resized } = planned.clone();
    let stored = checkpoint::Preprocess {
        mean,
        std,
        resize,
        interpolation,
        size: resized.unwrap_or(size),
        crop: size,
    };
    serde_json::to_value(stored).unwrap_or(Value::Null)
}
