//! Classes from `.cls` files.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};

/// Maximum number of classes; more indicate a wrong number.
const MAX_CLASSES: usize = 1_000_000;

/// The class names, and the class of every sample.
///
/// # Errors
/// If a class has no name in `names`.
pub(super) fn classes(
    labels: &[Option<&str>],
    names: &[String],
) -> Result<(Vec<String>, Vec<Option<usize>>)> {
    let number = |text: &&str| text.parse::<usize>().ok();
    let present = || labels.iter().flatten();
    let names: Vec<String> = if !names.is_empty() {
        names.to_vec()
    } else if present().all(|text| number(text).is_some()) {
        let count = present().filter_map(number).max().map_or(0, |most| most.saturating_add(1));
        ensure!(count <= MAX_CLASSES, "a .cls file has class {}; the limit is {MAX_CLASSES}", count - 1);
        (0..count).map(|class| class.to_string()).collect()
    } else {
        present().copied().collect::<BTreeSet<&str>>().into_iter().map(str::to_owned).collect()
    };
    let class = |text: &str| {
        let named = names.iter().position(|name| name == text);
        named.or(text.parse().ok()).filter(|class| *class < names.len()).with_context(|| {
            format!(
                "a .cls file has `{text}`, which is neither one of the {} classes nor the number of one",
                names.len()
            )
        })
    };
    let mut by_text = std::collections::HashMap::<&str, usize>::new();
    let mut found = Vec::with_capacity(labels.len());
    for text in labels {
        found.push(match text {
            None => None,
            Some(text) => Some(match by_text.get(text) {
                Some(class) => *class,
                None => *by_text.entry(text).or_insert(class(text)?),
            }),
        });
    }
    Ok((names, found))
}

#[cfg(test)]
mod tests {
    use super::classes;

    #[test]
    fn numbers_and_names_are_classes() {
        let (names, found) = classes(&[Some("2"), None, Some("0")], &[]).unwrap();
        assert_eq!((names.len(), found), (3, vec![Some(2), None, Some(0)]));
        let (names, found) = classes(&[Some("dog"), Some("cat"), Some("dog")], &[]).unwrap();
        assert_eq!((names, found), (vec!["cat".into(), "dog".into()], vec![Some(1), Some(0), Some(1)]));
        let names = ["a".to_owned(), "b".to_owned()];
        assert_eq!(classes(&[Some("1"), Some("a")], &names).unwrap().1, [Some(1), Some(0)]);
        assert!(classes(&[Some("2")], &names).unwrap_err().to_string().contains("has `2`"));
        assert!(classes(&[Some("9999999999")], &[]).is_err());
    }
}
