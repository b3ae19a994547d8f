//! Valid names of runs, studies and arms.

/// Longest name, in characters.
const MAX_CHARS: usize = 100;

/// Why a name is invalid, as the rest of a sentence; none if it is valid.
pub fn invalid_name_reason(name: &str) -> Option<String> {
    match () {
        () if name.contains('/') => Some("must not contain `/`, which separates study, arm and seed".into()),
        () if name.contains(clip_lab_escape::is_hidden) => {
            Some("must not contain control characters or invisible characters".into())
        }
        () if name.starts_with('-') => Some("must not begin with `-`, like a flag".into()),
        () if name.chars().count() > MAX_CHARS => {
            Some(format!("must not be longer than {MAX_CHARS} characters"))
        }
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::invalid_name_reason;

    #[test]
    fn a_name_is_one_visible_path_component() {
        for bad in ["a/b", "a\nb", "a\u{1b}[2J", "a\u{202e}b", "--yes", &"x".repeat(101)] {
            assert!(invalid_name_reason(bad).is_some(), "{bad:?}");
        }
        for good in ["lit", "lit vs clip", "512", "名前", &"x".repeat(100)] {
            assert_eq!(invalid_name_reason(good), None);
        }
    }
}
