//! Text cleaning before the merges: `ftfy.fix_text`, `html.unescape` twice, white space, case.
//!
//! Of ftfy's repairs it implements entities, ligatures, full-width letters, curly quotes, control characters and NFC,
//! but not the detection of text decoded with the wrong code page ("cafÃ©").

use std::borrow::Cow;

use htmlize::unescape;
use tokenizers::NormalizedString;

/// The cleaned text: one line, single spaces, lower case.
pub fn clean(text: &str) -> String {
    let text = unescape(unescape(fix_text(text))).to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fix_text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains('&') && !text.contains(|c: char| c.is_ascii_control()) {
        return Cow::Borrowed(text);
    }
    let text: String = unescape_entities(text).chars().filter(|c| !is_control(*c)).collect();
    let text = replace(&text, is_wide, to_compatible);
    let text =
        replace(&text, |c| straight_quote(c).is_some(), |c| straight_quote(c).unwrap_or(c).to_string());
    NormalizedString::from(text.as_str()).nfc().get().to_owned().into()
}

/// Unescapes entities until none is left, except in text that may be HTML, as ftfy does.
fn unescape_entities(text: &str) -> String {
    let mut text = text.to_owned();
    while !text.contains('<') {
        let plain = unescape(text.as_str()).into_owned();
        if plain == text {
            break;
        }
        text = plain;
    }
    text
}

fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0b' | '\x0e'..='\x1f' | '\x7f'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
}

/// Latin ligatures and digraphs, and full-width letters.
fn is_wide(c: char) -> bool {
    matches!(c, 'Ĳ' | 'ĳ' | 'ŉ' | 'Ǆ'..='ǌ' | 'Ǳ'..='ǳ' | 'ﬀ'..='ﬆ' | '\u{3000}' | '\u{ff01}'..='\u{ffef}')
}

fn to_compatible(c: char) -> String {
    match c {
        'ﬅ' => "ſt".to_owned(),
        c => NormalizedString::from(c.to_string()).nfkc().get().to_owned(),
    }
}

fn straight_quote(c: char) -> Option<char> {
    match c {
        '\u{2bc}' | '\u{2018}'..='\u{201b}' => Some('\''),
        '\u{201c}'..='\u{201f}' => Some('"'),
        _ => None,
    }
}

fn replace(text: &str, which: impl Fn(char) -> bool, by: impl Fn(char) -> String) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut done, c| {
        if which(c) {
            done.push_str(&by(c))
        } else {
            done.push(c)
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn white_space_and_case() {
        assert_eq!(clean("  A\tB\r\n\u{2028}C\u{3000}D  "), "a b c d");
        assert_eq!(clean(" \n "), "");
    }

    #[test]
    fn entities_are_read_until_none_is_left_but_only_twice_beside_tags() {
        assert_eq!(clean("&lt;b&gt; &amp;amp; html"), "<b> & html");
        assert_eq!(clean("&amp;amp;amp;amp;"), "&");
        assert_eq!(clean("<i> &amp;amp;amp;"), "<i> &amp;");
        assert_eq!(clean("fish & chips"), "fish & chips");
    }

    #[test]
    fn typography_becomes_plain() {
        assert_eq!(clean("\u{201c}It\u{2019}s\u{201d}"), "\"it's\"");
        assert_eq!(clean("ﬁne ﬂat ŉ ＡＢＣ１"), "fine flat 'n abc1");
        assert_eq!(clean("e\u{301}"), "é");
        assert_eq!(clean("\u{feff}a\0b\x1b"), "ab");
    }
}
