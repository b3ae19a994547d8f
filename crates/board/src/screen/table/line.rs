//! The line in which a filter is written.

use clip_lab_problem::Problem;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::filter::{Filter, Subject};

/// A filter while it is written and afterwards. What is wrong never takes away the last one that was right.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// What stands there.
    pub text: String,
    /// Whether keys go there.
    pub open: bool,
    /// The last filter that was right.
    pub good: Filter,
    /// What is wrong with the text.
    pub problem: Option<Problem>,
}

impl Line {
    /// Takes a key; whether the filter may have changed.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Esc => *self = Line::default(),
            KeyCode::Enter => self.open = false,
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.set(String::new()),
            KeyCode::Char('w') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                let kept = self.text.trim_end().rfind(' ').map_or(0, |blank| blank + 1);
                self.set(self.text[..kept].to_string());
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

    /// Puts a whole text there.
    pub fn set(&mut self, text: String) {
        self.text = text;
        match Filter::parse(&self.text) {
            Ok(filter) => (self.good, self.problem) = (filter, None),
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Whether the filter holds for `run`.
    pub fn keeps(&self, run: &Subject) -> bool {
        self.good.matches(run)
    }
}
