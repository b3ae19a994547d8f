//! The input line of the filter.

use clip_lab_diagnostics::Problem;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use clip_lab_chart::filter::{Filter, Subject};

/// The text of the filter and its last valid parse, which stays active while the text is invalid.
#[derive(Debug, Clone, Default)]
pub struct FilterInput {
    /// The text.
    pub text: String,
    /// Whether it takes keys.
    pub open: bool,
    /// The last valid filter.
    pub active: Filter,
    /// The error of the text.
    pub problem: Option<Problem>,
}

impl FilterInput {
    /// Handles a key; returns whether the filter may have changed.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Esc => *self = FilterInput::default(),
            KeyCode::Enter => self.open = false,
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.set(String::new()),
            KeyCode::Char('w') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                let end = self.text.trim_end().rfind(' ').map_or(0, |blank| blank + 1);
                self.set(self.text[..end].to_string());
            }
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.set(format!("{}{c}", self.text));
            }
            KeyCode::Backspace if self.text.is_empty() => self.open = false,
            KeyCode::Backspace => {
                let mut text = std::mem::take(&mut self.text);
                text.pop();
                self.set(text);
            }
            _ => return false,
        }
        true
    }

    /// Replaces the text.
    pub fn set(&mut self, text: String) {
        self.text = text;
        match Filter::parse(&self.text) {
            Ok(filter) => (self.active, self.problem) = (filter, None),
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Whether `run` matches the filter.
    pub fn matches(&self, run: &Subject) -> bool {
        self.active.matches(run)
    }
}
