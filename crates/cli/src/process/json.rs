//! The JSON envelope of all output.

use clip_lab_escape::lines;
use serde_json::{Map, Value, json};

/// Version of the JSON: incremented when a field is removed or changes its meaning. New fields do not change it.
pub const VERSION: u64 = 1;

/// One pretty-printed object that begins with its version. Hidden characters in strings are escaped; JSON parsers read
/// them as the characters themselves.
pub fn json_document(fields: Value) -> String {
    lines(&format!("{:#}\n", with_version(fields))).into_owned()
}

/// One line of JSON Lines: an object that begins with its version.
pub fn json_line(fields: Value) -> String {
    lines(&format!("{}\n", with_version(fields))).into_owned()
}

/// Adds the version. A value that is not an object becomes the field `value`.
fn with_version(fields: Value) -> Value {
    let mut object = Map::from_iter([("version".to_owned(), json!(VERSION))]);
    match fields {
        Value::Object(fields) => object.extend(fields.into_iter().filter(|(key, _)| key != "version")),
        other => _ = object.insert("value".to_owned(), other),
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_comes_first_and_once() {
        assert_eq!(json_line(json!({ "runs": [1], "version": 7 })), "{\"version\":1,\"runs\":[1]}\n");
        assert_eq!(json_line(json!([2])), "{\"version\":1,\"value\":[2]}\n");
        assert!(json_document(json!({})).ends_with("}\n"));
    }

    #[test]
    fn hidden_characters_are_escaped_and_read_back() {
        let text = "\u{9b}2J\u{7f}\u{202e}\u{e0041}\n\u{1b}";
        let json = json_line(json!({ "name": text }));
        assert_eq!(
            json,
            r#"{"version":1,"name":"\u009b2J\u007f\u202e\udb40\udc41\n\u001b"}"#.to_owned() + "\n"
        );
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["name"], text);
        assert_eq!(
            serde_json::from_str::<Value>(&json_document(json!({ "name": text }))).unwrap()["name"],
            text
        );
    }
}
