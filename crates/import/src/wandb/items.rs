//! The items of a record: names and JSON.

use std::collections::HashSet;

use crate::{
    json::{flatten, number, parse},
    proto::fields,
};

/// A value of a record, by its dotted name.
pub enum Content {
    Number(f64),
    Text(String),
    Other,
}

impl Content {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        if let Content::Number(number) = self { Some(*number) } else { None }
    }
}

/// Calls `each` with dotted name and JSON text of every item in field `field`: `Item { string key = 1; repeated string
/// nested_key = 2; string value_json = 16 }`.
pub fn items(message: &[u8], field: u64, mut each: impl FnMut(String, &str)) {
    let _ = fields(message, |number, item| {
        if number != field {
            return;
        }
        let (mut key, mut json) = (String::new(), &[][..]);
        let read = fields(item.bytes(), |number, value| match number {
            1 => key = value.text(),
            2 if key.is_empty() => key = value.text(),
            2 => key = format!("{key}.{}", value.text()),
            16 => json = value.bytes(),
            _ => {}
        });
        if let (Some(()), Ok(json)) = (read, std::str::from_utf8(json)) {
            each(key, json);
        }
    });
}

/// The values of a record by dotted name, nested objects flattened.
pub fn values(message: &[u8], field: u64) -> Vec<(String, Content)> {
    let mut values = Vec::new();
    items(message, field, |key, json| {
        // Almost all are numbers.
        if let Ok(number) = json.parse::<f64>() {
            return values.push((key, Content::Number(number)));
        }
        let Some(value) = parse(json) else { return };
        flatten(&key, &value, &mut |key, value| {
            let content = match (number(value), value) {
                (Some(number), _) => Content::Number(number),
                (None, serde_json::Value::String(text)) => Content::Text(text.clone()),
                (None, _) => Content::Other,
            };
            values.push((key.to_owned(), content));
        });
    });
    values
}

/// The kinds of the media objects: a value `NAME._type` makes NAME one.
pub fn media(values: &[(String, Content)]) -> impl Iterator<Item = &str> {
    values.iter().filter_map(|(key, value)| match value {
        Content::Text(kind) => key.ends_with("._type").then_some(kind.as_str()),
        _ => None,
    })
}

/// The values that belong to the user and are no part of a media object.
pub fn plain(values: &[(String, Content)]) -> impl Iterator<Item = (&str, &Content)> {
    let objects: HashSet<&str> = values.iter().filter_map(|(key, _)| key.strip_suffix("._type")).collect();
    let is_meta = |key: &str| {
        matches!(key, "_step" | "_timestamp" | "_runtime" | "_wandb")
            || key.starts_with("_wandb.")
            || key.is_empty()
    };
    values.iter().filter_map(move |(key, value)| {
        let in_object = key.match_indices('.').any(|(at, _)| objects.contains(&key[..at]));
        (!in_object && !is_meta(key)).then_some((key.as_str(), value))
    })
}
