//! The form of every answer in JSON.

use serde_json::{Map, Value, json};

/// Version of the form: one more whenever a field goes or changes its meaning. Fields are added without notice.
pub const VERSION: u64 = 1;

/// An answer: one object that begins with its version, over several lines.
pub fn answer(fields: Value) -> String {
    format!("{:#}\n", enveloped(fields))
}

/// One line of many, each an object that begins with its version.
pub fn line(fields: Value) -> String {
    format!("{}\n", enveloped(fields))
}

/// What is no object becomes the field `value`.
fn enveloped(fields: Value) -> Value {
    let mut whole = Map::from_iter([("version".to_owned(), json!(VERSION))]);
    match fields {
        Value::Object(fields) => whole.extend(fields.into_iter().filter(|(key, _)| key != "version")),
        other => _ = whole.insert("value".to_owned(), other),
    }
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_comes_first_and_once() {
        assert_eq!(line(json!({ "runs": [1], "version": 7 })), "{\"version\":1,\"runs\":[1]}\n");
        assert_eq!(line(json!([2])), "{\"version\":1,\"value\":[2]}\n");
        assert!(answer(json!({})).ends_with("}\n"));
    }
}
