//! Quoting of completions. What the shell inserts is executed at the next Enter.

use std::borrow::Cow;

use clip_lab_escape::is_hidden;

/// Whether every shell reads `text` as a single literal word.
pub fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() && !is_hidden(c) || "_-./:+".contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(plain)
}

/// `file` quoted for `shell`. zsh and fish quote what they insert; bash does not; other shells get no file with special
/// characters.
pub fn quoted(shell: &str, file: &str) -> Option<String> {
    match shell {
        _ if is_plain(file) => Some(file.to_owned()),
        _ if file.contains(is_hidden) || file.starts_with('-') => None,
        "zsh" | "fish" => Some(file.to_owned()),
        "bash" => Some(
            file.chars().flat_map(|c| [Some('\\').filter(|_| is_special(c)), Some(c)]).flatten().collect(),
        ),
        _ => None,
    }
}

fn is_special(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphanumeric() && !"_-./:+".contains(c)
}

/// Removes the quoting of the typed prefix. bash passes it as typed.
pub fn unquoted<'a>(shell: &str, prefix: &'a str) -> Cow<'a, str> {
    if shell == "bash" && prefix.contains('\\') { prefix.replace('\\', "").into() } else { prefix.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_expand_is_not_plain() {
        for bad in
            ["a;touch x", "$(id)", "`id`", "a b", "--yes", "a\nb", "*", "~root", "{a,b}", "a\u{202e}b", ""]
        {
            assert!(!is_plain(bad), "{bad}");
        }
        for good in ["lit", "tricks/ema/0", "vit-b.2:x+y", "名前", "01KSTX"] {
            assert!(is_plain(good), "{good}");
        }
    }

    #[test]
    fn files_are_quoted_for_their_shell() {
        assert_eq!(quoted("bash", "my file;x.toml").as_deref(), Some(r"my\ file\;x.toml"));
        assert_eq!(quoted("fish", "my file").as_deref(), Some("my file"));
        assert_eq!((quoted("elvish", "my file"), quoted("bash", "a\nb")), (None, None));
        assert_eq!(unquoted("bash", r"my\ f"), "my f");
    }
}
