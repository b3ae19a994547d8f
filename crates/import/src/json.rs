//! JSON as Python writes it, and its flattening.

use std::borrow::Cow;

use serde_json::Value;

/// Reads JSON text in which numbers may be `NaN`, `Infinity` and `-Infinity`; these become strings.
pub fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(&quoted(text)).ok()
}

/// Quotes Python's names of numbers outside strings.
fn quoted(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest, mut in_string) = (String::with_capacity(text.len() + 8), text, false);
    while let Some(letter) = rest.chars().next() {
        let name = ["NaN", "-Infinity", "Infinity"].into_iter().find(|name| rest.starts_with(name));
        let length = match (letter, name) {
            (_, Some(name)) if !in_string => {
                out.extend(["\"", name, "\""]);
                rest = &rest[name.len()..];
                continue;
            }
            ('\\', _) if in_string => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            ('"', _) => {
                in_string = !in_string;
                1
            }
            _ => letter.len_utf8(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Cow::Owned(out)
}

/// The number that a value is; booleans and other texts are none.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// Calls `each` with every leaf of nested objects and its dotted key; lists are leaves, as are empty objects.
pub fn flatten(key: &str, value: &Value, each: &mut impl FnMut(&str, &Value)) {
    match value.as_object() {
        // The parser limits nesting to 128.
        Some(object) if !object.is_empty() => {
            for (name, value) in object {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&key, value, each);
            }
        }
        _ => each(key, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_json_are_read() {
        let value = parse(r#"{"a": NaN, "b \" NaN": -Infinity, "c": [Infinity, 1], "d": "é\\"}"#).unwrap();
        assert!(number(&value["a"]).unwrap().is_nan());
        assert_eq!(number(&value["b \" NaN"]), Some(f64::NEG_INFINITY));
        assert_eq!((number(&value["c"][0]), value["d"].as_str()), (Some(f64::INFINITY), Some("é\\")));
        assert_eq!(parse("{\"NaN\\"), None);
    }

    #[test]
    fn nested_objects_are_flattened() {
        let mut found = Vec::new();
        let value = parse(r#"{"a": {"b": {"c": 1}}, "d": [1, 2], "e": {}}"#).unwrap();
        flatten("", &value, &mut |key, value| found.push(format!("{key}={value}")));
        assert_eq!(found, ["a.b.c=1", "d=[1,2]", "e={}"]);
    }
}
