//! Escapes untrusted text (names, captions, paths, server messages) for terminals, CSV and Markdown: terminals execute
//! control characters, and invisible characters make one text look like another.
//!
//! A hidden character becomes `\u001b`, the notation of JSON and TOML. [`thousands`] groups the digits of numbers.

mod csv;
mod digits;
mod hidden;
mod markdown;
mod style;

use std::{
    borrow::Cow,
    fmt::{self, Display, Formatter, Write as _},
};

pub use csv::cell;
pub use digits::thousands;
pub use hidden::is_hidden;
pub use markdown::{code, fenced, inline, markdown};
pub use style::{styled, terminal, trusted};

/// `text` on one line: escapes every hidden character, including line feeds and tabs.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden)
}

/// Escapes every hidden character but line feeds and tabs.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_hidden(c) && c != '\n' && c != '\t')
}

/// Displays `value` on one line, escaped; width and alignment of the format apply to the escaped text.
pub fn shown<T: Display>(value: T) -> Shown<T> {
    Shown(value)
}

/// The result of [`shown`].
#[derive(Debug, Clone, Copy)]
pub struct Shown<T>(T);

impl<T: Display> Display for Shown<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(&line(&self.0.to_string()))
    }
}

fn escaped(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&hidden) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        match hidden(c) {
            true => escape(c, &mut out),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Writes the short form if there is one; characters outside the BMP become a surrogate pair, as in JSON.
fn escape(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
            _ = write!(out, "\\u{unit:04x}"); // writing to a String cannot fail
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_execute_is_escaped() {
        let title = "a\u{1b}]0;owned\u{7}b\u{9b}2Jc\u{7f}\r\n\td";
        assert_eq!(line(title), r"a\u001b]0;owned\u0007b\u009b2Jc\u007f\r\n\td");
        assert_eq!(lines(title), "a\\u001b]0;owned\\u0007b\\u009b2Jc\\u007f\\r\n\td");
    }

    #[test]
    fn bidirectional_and_invisible_characters_are_escaped() {
        assert_eq!(line("\u{202e}gpj.exe"), r"\u202egpj.exe");
        assert_eq!(line("run\u{200b}\u{feff}\u{2028}x"), r"run\u200b\ufeff\u2028x");
        assert_eq!(line("\u{e0041}"), r"\udb40\udc41");
    }

    #[test]
    fn other_text_is_not_copied() {
        for text in ["", "a dog on a beach", "名前 — ❤\u{fe0f} é e\u{301}", r"C:\u001b"] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn a_format_pads_what_is_shown() {
        assert_eq!(format!("{:<10}|{:>4}", shown("a\u{1b}"), shown(7)), "a\\u001b   |   7");
    }

    #[test]
    fn nothing_hidden_is_left_of_any_character() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let text = c.to_string();
            assert!(!line(&text).chars().any(is_hidden), "{c:?}");
            assert!(!lines(&text).chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'), "{c:?}");
        }
    }
}
