//! Places in a parsed spec.

use clip_lab_problem::Place;
use toml::de::{DeTable, DeValue};

/// The place of the value (and key, where they touch one line) at a dotted path; numbers index arrays of tables.
pub(super) fn find(table: &DeTable, path: &[String]) -> Option<Place> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    if rest.is_empty() {
        let (key, value) = (key.span(), value.span());
        return Some(key.start.min(value.start)..value.end);
    }
    match (value.get_ref(), rest) {
        (DeValue::Table(inner), _) => find(inner, rest),
        (DeValue::Array(items), [index, rest @ ..]) => {
            let item = items.get(index.parse::<usize>().ok()?)?;
            match item.get_ref() {
                DeValue::Table(inner) => find(inner, rest),
                _ => Some(item.span()),
            }
        }
        _ => None,
    }
}

/// The line, from 1, on which the byte `at` stands.
pub(super) fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// Whether two places share a byte.
pub(super) fn overlap(a: &Place, b: &Place) -> bool {
    a.start < b.end && b.start < a.end
}
