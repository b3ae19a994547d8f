//! The command line: `:`, a command name and its argument, with Tab completion.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::keys::{Names, command};

/// The open command line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommandLine {
    /// The text so far.
    pub text: String,
    /// The completions that Tab cycles through, and the current one; empty until Tab is pressed.
    completions: Vec<String>,
    at: usize,
}

impl CommandLine {
    /// A line with this text.
    pub fn new(text: String) -> CommandLine {
        CommandLine { text, ..CommandLine::default() }
    }

    /// Replaces the text with the next or the previous completion.
    pub fn complete(&mut self, names: &dyn Names, back: bool) {
        if self.completions.is_empty() {
            self.completions = command::completions(names, &self.text);
            self.at = if back { self.completions.len().saturating_sub(1) } else { 0 };
        } else {
            let count = self.completions.len();
            self.at = (self.at + if back { count - 1 } else { 1 }) % count;
        }
        if let Some(text) = self.completions.get(self.at) {
            self.text.clone_from(text);
        }
        if self.completions.len() == 1 {
            self.completions.clear();
        }
    }

    /// Edits the text.
    pub fn edit(&mut self, key: KeyEvent) {
        self.completions.clear();
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Backspace, _) => _ = self.text.pop(),
            (KeyCode::Char('u'), true) => self.text.clear(),
            (KeyCode::Char('w'), true) => {
                let end = self.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.truncate(end);
            }
            (KeyCode::Char(c), false) if !c.is_control() => self.text.push(c),
            _ => {}
        }
    }
}
