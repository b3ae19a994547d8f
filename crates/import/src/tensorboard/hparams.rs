//! The settings of the hparams plugin: `HParamsPluginData { SessionStartInfo session_start_info = 3 { map<string,
//! google.protobuf.Value> hparams = 1 } }`, `Value { double number_value = 2; string string_value = 3; bool bool_value = 4 }`.

use serde_json::Value as Json;

use crate::{Setting, proto::fields};

/// The settings, ordered by key; none if the content has none or is malformed.
pub fn settings(content: &[u8]) -> Vec<Setting> {
    let mut found = Vec::new();
    let _ = fields(content, |number, value| {
        if number == 3 {
            let _ = fields(value.bytes(), |number, entry| {
                if number == 1 {
                    found.extend(setting(entry.bytes()));
                }
            });
        }
    });
    found.sort_by(|a: &Setting, b| a.key.cmp(&b.key));
    found
}

/// One entry of the map.
fn setting(entry: &[u8]) -> Option<Setting> {
    let (mut key, mut message) = (String::new(), &[][..]);
    fields(entry, |number, value| match number {
        1 => key = value.text(),
        2 => message = value.bytes(),
        _ => {}
    })?;
    let mut json = Json::Null;
    fields(message, |number, value| match number {
        2 => json = json_number(value.float()),
        3 => json = Json::from(value.text()),
        4 => json = Json::from(value.integer() != 0),
        _ => {}
    })?;
    Some(Setting { key, value: json.to_string(), origin: "hparams".into() })
}

/// The plugin stores all numbers as doubles, and PyTorch's writer booleans too.
fn json_number(number: f64) -> Json {
    let is_whole = number.fract() == 0.0 && number.abs() < 9e15;
    if is_whole { Json::from(number as i64) } else { Json::from(number) }
}
