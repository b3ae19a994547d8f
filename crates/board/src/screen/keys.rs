//! Every key in one table: it drives what keys do, the help page and the footer.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Close what is open, or leave.
    Leave,
    /// Focus the next panel.
    Next,
    /// Focus the panel before.
    Before,
    /// Show the view with this number, from zero.
    View(usize),
    /// Select the run above.
    Up,
    /// Select the run below.
    Down,
    /// Show or hide the selected run on the charts.
    Hide,
    /// Give the focused panel the whole screen, or take it back.
    Expand,
    /// The next horizontal axis.
    X,
    /// Logarithmic or linear vertical axis.
    Log,
    /// The next half-life of the smoothing.
    Smooth,
    /// Back to what the layout says.
    Reset,
    /// Show or close the help.
    Help,
}

/// One line of the table.
pub struct Binding {
    /// How the keys are written.
    pub keys: &'static str,
    /// What they do.
    pub action: Action,
    /// In a word, for the footer; empty keeps it out.
    pub short: &'static str,
    /// In a sentence, for the help.
    pub help: &'static str,
    codes: &'static [KeyCode],
}

const fn bind(
    keys: &'static str,
    codes: &'static [KeyCode],
    action: Action,
    short: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, codes, action, short, help }
}

use KeyCode::{BackTab, Char, Down, Enter, Esc, Tab, Up};

/// The table. The footer shows as many as fit, in this order.
pub const BINDINGS: &[Binding] = &[
    bind("q", &[Char('q'), Esc], Action::Leave, "leave", "leave (Esc too: closes what is open first)"),
    bind("?", &[Char('?'), Char('h')], Action::Help, "help", "this help"),
    bind("Tab", &[Tab], Action::Next, "panel", "focus the next panel, on the next page too"),
    bind("↑↓", &[Up, Char('k')], Action::Up, "run", "select a run (j and k too)"),
    bind("Space", &[Char(' ')], Action::Hide, "hide", "show or hide the selected run on the charts"),
    bind(
        "x",
        &[Char('x')],
        Action::X,
        "axis",
        "next horizontal axis: step, epoch, samples, wall time, active time",
    ),
    bind("l", &[Char('l')], Action::Log, "log", "logarithmic or linear vertical axis"),
    bind(
        "s",
        &[Char('s')],
        Action::Smooth,
        "smooth",
        "next half-life of the smoothing: off, 10, 30, 100, 300, 1000 steps",
    ),
    bind(
        "Enter",
        &[Enter, Char('e')],
        Action::Expand,
        "expand",
        "give the focused panel the whole screen, or take it back",
    ),
    bind("0", &[Char('0')], Action::Reset, "", "axes and smoothing as the layout has them"),
    bind("1-9", &[], Action::View(0), "", "show a view by its number"),
    bind("⇧Tab", &[BackTab], Action::Before, "", "focus the panel before"),
    bind("↓", &[Down, Char('j')], Action::Down, "", ""),
];

/// What `key` asks for, if anything.
pub fn action(key: KeyEvent) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, Char('c' | 'd')).then_some(Action::Leave);
    }
    if let Char(digit @ '1'..='9') = key.code {
        return Some(Action::View(digit as usize - '1' as usize));
    }
    BINDINGS.iter().find(|binding| binding.codes.contains(&key.code)).map(|binding| binding.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings() {
        let mut codes: Vec<KeyCode> = BINDINGS.iter().flat_map(|b| b.codes).copied().collect();
        let all = codes.len();
        codes.sort_by_key(|code| format!("{code:?}"));
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn digits_and_control_c_are_understood() {
        assert_eq!(action(KeyEvent::from(Char('3'))), Some(Action::View(2)));
        assert_eq!(action(KeyEvent::new(Char('c'), KeyModifiers::CONTROL)), Some(Action::Leave));
        assert_eq!(action(KeyEvent::new(Char('x'), KeyModifiers::CONTROL)), None);
        assert_eq!(action(KeyEvent::from(Char('ß'))), None);
    }
}
