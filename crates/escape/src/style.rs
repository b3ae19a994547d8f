//! ANSI styles that survive escaping.

use std::{
    borrow::Cow,
    hash::{BuildHasher as _, RandomState},
    sync::OnceLock,
};

use crate::lines;

/// Prefix of a trusted style. Random per process, so untrusted text cannot contain it.
fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| format!("\u{1b}[{:016x}:", RandomState::new().hash_one(0_u8)))
}

/// `text` in an ANSI style such as `1;31`, which [`terminal`] keeps. `text` may be untrusted.
pub fn styled(text: &str, style: &str) -> String {
    let mark = mark();
    format!("{mark}{style}m{text}{mark}0m")
}

/// Marks all styles of `rendered`, the output of a renderer, as trusted: [`terminal`] keeps them.
pub fn trusted(rendered: &str) -> String {
    rendered.replace("\u{1b}[", mark())
}

/// Escapes every hidden character but line feeds, tabs and trusted styles.
pub fn terminal(text: &str) -> Cow<'_, str> {
    let mut parts = text.split(mark());
    let first = parts.next().unwrap_or_default();
    if first.len() == text.len() {
        return lines(text);
    }
    let mut out = lines(first).into_owned();
    for part in parts {
        match part.split_once('m').filter(|(style, _)| is_style(style)) {
            Some((style, text)) => out.extend(["\u{1b}[", style, "m", &lines(text)]),
            None => out += &lines(part),
        }
    }
    Cow::Owned(out)
}

fn is_style(style: &str) -> bool {
    style.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_styles_of_our_own_reach_the_terminal() {
        let name = "x\u{1b}[31mred\u{1b}]0;t\u{7}";
        let shown = terminal(&format!("{}: {name}\n", styled(name, "1;31"))).into_owned();
        let safe = r"x\u001b[31mred\u001b]0;t\u0007";
        assert_eq!(shown, format!("\u{1b}[1;31m{safe}\u{1b}[0m: {safe}\n"));
    }

    #[test]
    fn what_a_renderer_adds_is_kept_if_it_is_a_style() {
        assert_eq!(terminal(&trusted("\u{1b}[1ma\u{1b}[0m\u{1b}[2J")), "\u{1b}[1ma\u{1b}[0m2J");
        assert_eq!(terminal("plain\n"), "plain\n");
    }
}
