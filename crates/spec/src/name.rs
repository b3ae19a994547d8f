//! What a run, a study or an arm may be called.

/// The longest name, in characters.
const LONGEST: usize = 100;

/// What is wrong with a name, as the rest of a sentence; none where nothing is.
pub fn name_fault(name: &str) -> Option<String> {
    match () {
        () if name.contains('/') => {
            Some("must not contain `/`, which stands between study, arm and seed".into())
        }
        () if name.contains(clip_lab_escape::is_hidden) => {
            Some("must not contain control characters or characters without a shape".into())
        }
        () if name.starts_with('-') => Some("must not begin with `-`, as flags do".into()),
        () if name.chars().count() > LONGEST => Some(format!("must not be longer than {LONGEST} characters")),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::name_fault;

    #[test]
    fn a_name_is_one_word_of_a_path_and_can_be_seen() {
        for bad in ["a/b", "a\nb", "a\u{1b}[2J", "a\u{202e}b", "--yes", &"x".repeat(101)] {
            assert!(name_fault(bad).is_some(), "{bad:?}");
        }
        for good in ["lit", "lit vs clip", "512", "名前", &"x".repeat(100)] {
            assert_eq!(name_fault(good), None);
        }
    }
}
