//! Escapes text for Markdown as rendered by GitHub and the Hugging Face Hub.

use crate::line;

/// Characters with a meaning anywhere.
const ANYWHERE: &str = r"\`*_[]<|~&$";
/// Characters with a meaning at the start of a block.
const FIRST: &str = "#>-+=";

/// Escapes `text` for the start of a block: no HTML, block structure or links, on one line.
pub fn markdown(text: &str) -> String {
    escaped(text.trim_start(), true)
}

/// As [`markdown`], for text after other text of its line.
pub fn inline(text: &str) -> String {
    escaped(text, false)
}

fn escaped(text: &str, begins: bool) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let text = line(&text);
    let mut out = String::with_capacity(text.len());
    let number = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    for (at, letter) in text.char_indices() {
        let ends = text[at + letter.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
        let listed = begins && number > 0 && at == number && matches!(letter, '.' | ')') && ends;
        let first = begins && at == 0 && FIRST.contains(letter);
        // Autolinks: `://` and `www.`.
        let link = letter == '/' && text[..at].ends_with(':') || letter == '.' && text[..at].ends_with("www");
        if first || listed || link || ANYWHERE.contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// `text` as inline code.
pub fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let text = line(&text);
    let fence = "`".repeat(longest_run(&text) + 1);
    // Markdown strips one space at both ends.
    let padded = text.starts_with('`') || text.ends_with('`') || text.starts_with(' ') && text.ends_with(' ');
    if padded { format!("{fence} {text} {fence}") } else { format!("{fence}{text}{fence}") }
}

/// `text` as a fenced code block that its content cannot close.
pub fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_html_nor_structure_nor_a_link() {
        for (text, shown) in [
            ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)>"),
            ("a|b\n\n# c", r"a\|b  # c"),
            ("# c", r"\# c"),
            ("  - item", r"\- item"),
            ("12. item", r"12\. item"),
            ("0.300", "0.300"),
            ("![x](y) *b* &lt;", r"!\[x\](y) \*b\* \&lt;"),
            ("https://a.b www.a.b", r"https:\//a.b www\.a.b"),
            ("hit@10, 0.5 - 1", "hit@10, 0.5 - 1"),
            ("a\u{202e}b", r"a\\u202eb"),
        ] {
            assert_eq!(markdown(text), shown);
        }
        assert_eq!(inline(" # 1. <b>"), r" # 1. \<b>");
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(
            (code("a"), code("a`b"), code("``")),
            ("`a`".into(), "``a`b``".into(), "``` `` ```".into())
        );
        assert_eq!(code("a\n\n<b>"), "`a  <b>`");
        assert_eq!(fenced("toml", "a = '''\n```\n<b>\n"), "````toml\na = '''\n```\n<b>\n````\n");
    }
}
