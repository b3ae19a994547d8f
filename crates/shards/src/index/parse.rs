//! Parses file names and texts of samples.

use std::borrow::Cow;

use serde_json::Value;

/// Supported image extensions.
const IMAGES: [&str; 9] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "jpe"];

/// The role of a file in its sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Image(String),
    Text,
    Json,
    Class,
}

/// Splits a path into key and part as WebDataset does: at the first dot of the file name; folders belong to the key. None
/// for files that belong to no sample, such as hidden ones.
pub(super) fn part(path: &str) -> Option<(String, Part)> {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let dot = name + path[name..].find('.')?;
    let ending = path[dot + 1..].to_ascii_lowercase();
    let part = match ending.as_str() {
        "txt" | "text" | "caption" => Part::Text,
        "json" => Part::Json,
        "cls" => Part::Class,
        other if IMAGES.contains(&other) => Part::Image(ending),
        _ => return None,
    };
    let key = path[..dot].trim_start_matches("./");
    (dot > name && !key.is_empty()).then(|| (key.to_owned(), part))
}

/// Decodes a text; true if it is not UTF-8 and was read as Latin-1.
pub(super) fn text(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(), true),
    }
}

/// The captions under `key` of a JSON: a string or a list of strings. None if it is not JSON.
pub(super) fn captions(json: &[u8], key: &str) -> Option<Vec<String>> {
    let (text, _) = text(json);
    let value: Value = serde_json::from_str(&text).ok()?;
    Some(match value.get(key) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_their_first_dot() {
        let key = |path| part(path).map(|(key, _)| key);
        assert_eq!(part("./a.d/b.JPG"), Some(("a.d/b".into(), Part::Image("jpg".into()))));
        assert_eq!(key("x/0001.txt").unwrap(), "x/0001");
        for other in [".jpg", "x/._a.jpg", "a", "a.seg.png", "a.npy", "./", ""] {
            assert_eq!(key(other), None, "{other}");
        }
    }
}
