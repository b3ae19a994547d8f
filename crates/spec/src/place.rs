//! Spans in a parsed spec.

use clip_lab_diagnostics::Place;
use toml::de::{DeTable, DeValue};

/// The span of the key and value at a path; numbers index arrays of tables.
pub(super) fn find(table: &DeTable, path: &[String]) -> Option<Place> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.get_key_value(first.as_str())?;
    if rest.is_empty() {
        let (key, value) = (key.span(), value.span());
        return Some(key.start.min(value.start)..value.end);
    }
    match (value.get_ref(), rest) {
        (DeValue::Table(inner), _) => find(inner, rest),
        (DeValue::Array(items), [index, rest @ ..]) => {
            let item = items.get(index.parse::<usize>().ok()?)?;
            match item.get_ref() {
                DeValue::Table(inner) if !rest.is_empty() => find(inner, rest),
                _ => Some(item.span()),
            }
        }
        _ => None,
    }
}

/// The span of the text at `place` in the edited spec before the edits: the same offset in the same key or table. None
/// if that key or table is new.
pub(super) fn before(after: &DeTable, before: &DeTable, place: &Place) -> Option<Place> {
    if place.is_empty() {
        return None;
    }
    let path = path(after, place)?;
    let (now, then) = (find(after, &path)?, find(before, &path)?);
    let shifted = |at: usize| (at + then.start).checked_sub(now.start);
    Some(shifted(place.start)?..shifted(place.end)?)
}

/// The path of the innermost key or table that contains `place`.
fn path(table: &DeTable, place: &Place) -> Option<Vec<String>> {
    let within = |outer: &Place| outer.start <= place.start && place.end <= outer.end;
    let below = |value: &DeValue| match value {
        DeValue::Table(inner) => path(inner, place),
        DeValue::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
            let inside = match item.get_ref() {
                DeValue::Table(inner) => path(inner, place),
                _ => None,
            };
            let inside = inside.or_else(|| within(&item.span()).then(Vec::new))?;
            Some([vec![at.to_string()], inside].concat())
        }),
        _ => None,
    };
    table.iter().find_map(|(key, value)| {
        let whole = key.span().start.min(value.span().start)..value.span().end;
        let inside = below(value.get_ref()).or_else(|| within(&whole).then(Vec::new))?;
        Some([vec![key.get_ref().to_string()], inside].concat())
    })
}

/// The line, from 1, of the byte `at`.
pub(super) fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// Whether two spans overlap.
pub(super) fn overlap(a: &Place, b: &Place) -> bool {
    a.start < b.end && b.start < a.end
}
