//! Classes from what `.cls` says.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};

/// More classes than this are a mistake in a number.
const MOST: usize = 1_000_000;

/// The names of the classes and the class of every sample.
///
/// # Errors
/// When a class has no name in `names`.
pub(super) fn classes(said: &[Option<&str>], names: &[String]) -> Result<(Vec<String>, Vec<Option<usize>>)> {
    let number = |text: &&str| text.parse::<usize>().ok();
    let there = || said.iter().flatten();
    let names: Vec<String> = if !names.is_empty() {
        names.to_vec()
    } else if there().all(|text| number(text).is_some()) {
        let count = there().filter_map(number).max().map_or(0, |most| most.saturating_add(1));
        ensure!(count <= MOST, "a .cls says class {}, which is more than {MOST}", count - 1);
        (0..count).map(|class| class.to_string()).collect()
    } else {
        there().copied().collect::<BTreeSet<&str>>().into_iter().map(str::to_owned).collect()
    };
    let class = |text: &str| {
        let named = names.iter().position(|name| name == text);
        named.or(text.parse().ok()).filter(|class| *class < names.len()).with_context(|| {
            format!(
                "a .cls says `{text}`, which is neither one of the {} classes nor the number of one",
                names.len()
            )
        })
    };
    let mut known = std::collections::HashMap::<&str, usize>::new();
    let mut found = Vec::with_capacity(said.len());
    for text in said {
        found.push(match text {
            None => None,
            Some(text) => Some(match known.get(text) {
                Some(class) => *class,
                None => *known.entry(text).or_insert(class(text)?),
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
        let words = ["a".to_owned(), "b".to_owned()];
        assert_eq!(classes(&[Some("1"), Some("a")], &words).unwrap().1, [Some(1), Some(0)]);
        assert!(classes(&[Some("2")], &words).unwrap_err().to_string().contains("says `2`"));
        assert!(classes(&[Some("9999999999")], &[]).is_err());
    }
}
