//! A key with its modifiers, as written in `keys.toml` and shown in the footer.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key that can be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Keys written by name, with the symbol shown in the footer.
const NAMED: [(&str, KeyCode, &str); 16] = [
    ("Up", KeyCode::Up, "↑"),
    ("Down", KeyCode::Down, "↓"),
    ("Left", KeyCode::Left, "←"),
    ("Right", KeyCode::Right, "→"),
    ("Tab", KeyCode::Tab, "Tab"),
    ("Shift-Tab", KeyCode::BackTab, "⇧Tab"),
    ("Enter", KeyCode::Enter, "Enter"),
    ("Esc", KeyCode::Esc, "Esc"),
    ("Space", KeyCode::Char(' '), "Space"),
    ("PageUp", KeyCode::PageUp, "PgUp"),
    ("PageDown", KeyCode::PageDown, "PgDn"),
    ("Home", KeyCode::Home, "Home"),
    ("End", KeyCode::End, "End"),
    ("Backspace", KeyCode::Backspace, "⌫"),
    ("Delete", KeyCode::Delete, "Del"),
    ("Insert", KeyCode::Insert, "Ins"),
];

impl Chord {
    /// Reads `q`, `Ctrl-r`, `Alt-Left`, `Shift-Tab` or `F5`.
    pub fn parse(text: &str) -> Option<Chord> {
        for (prefix, modifiers) in [("Ctrl-", KeyModifiers::CONTROL), ("Alt-", KeyModifiers::ALT)] {
            if let Some(rest) = text.strip_prefix(prefix) {
                return Chord::parse(rest)
                    .map(|chord| Chord { modifiers: chord.modifiers | modifiers, ..chord });
            }
        }
        let named = NAMED.iter().find(|(name, ..)| *name == text).map(|(_, code, _)| *code);
        let code = named.or_else(|| {
            let mut letters = text.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) if !letter.is_control() && letter != ' ' => Some(KeyCode::Char(letter)),
                (Some('F'), Some(_)) => {
                    text[1..].parse().ok().filter(|n| (1..=12).contains(n)).map(KeyCode::F)
                }
                _ => None,
            }
        })?;
        Some(Chord { code, modifiers: KeyModifiers::NONE })
    }

    /// Whether `key` matches. Shift is already part of the letter.
    pub fn matches(self, key: KeyEvent) -> bool {
        let modifiers = key.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        self.code == key.code && self.modifiers == modifiers
    }

    /// The digit, if it is one.
    pub fn digit(self) -> Option<u32> {
        match self.code {
            KeyCode::Char(letter) if self.modifiers.is_empty() => letter.to_digit(10),
            _ => None,
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("^")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        match (NAMED.iter().find(|(_, code, _)| *code == self.code), self.code) {
            (Some((_, _, symbol)), _) => f.write_str(symbol),
            (None, KeyCode::Char(letter)) => write!(f, "{letter}"),
            (None, KeyCode::F(number)) => write!(f, "F{number}"),
            (None, other) => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parsed_and_shown_by_name() {
        let shown = |text: &str| Chord::parse(text).map(|chord| chord.to_string());
        assert_eq!(shown("q").as_deref(), Some("q"));
        assert_eq!(shown("Ctrl-r").as_deref(), Some("^r"));
        assert_eq!(shown("Ctrl-Alt-Up").as_deref(), Some("^Alt-↑"));
        assert_eq!(shown("Shift-Tab").as_deref(), Some("⇧Tab"));
        assert_eq!(shown("F12").as_deref(), Some("F12"));
        assert!(["", "F13", "qq", "ctrl-r", "Ctrl-", " ", "Fé"].iter().all(|text| shown(text).is_none()));
        assert!(
            Chord::parse("X")
                .is_some_and(|x| x.matches(KeyEvent::new(KeyCode::Char('X'), KeyModifiers::SHIFT)))
        );
    }
}
