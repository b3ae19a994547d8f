//! The form of every answer in JSON.

use clip_lab_escape::lines;
use serde_json::{Map, Value, json};

/// Version of the form: one more whenever a field goes or changes its meaning. Fields are added without notice.
pub const VERSION: u64 = 1;

/// An answer: one object that begins with its version, over several lines. Hidden characters of its texts are escaped,
/// which JSON reads as the characters themselves.
pub fn answer(fields: Value) -> String {
    lines(&format!("{:#}\n", enveloped(fields))).into_owned()
}

/// One line of many, each an object that begins with its version.
pub fn line(fields: Value) -> String {
    lines(&format!("{}\n", enveloped(fields))).into_owned()
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

    #[test]
    fn hidden_characters_are_escaped_and_read_back() {
        let text = "\u{9b}2J\u{7f}\u{202e}\u{e0041}\n\u{1b}";
        let told = line(json!({ "name": text }));
        assert_eq!(
            told,
            r#"{"version":1,"name":"\u009b2J\u007f\u202e\udb40\udc41\n\u001b"}"#.to_owned() + "\n"
        );
        assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["name"], text);
        assert_eq!(serde_json::from_str::<Value>(&answer(json!({ "name": text }))).unwrap()["name"], text);
    }
}
