//! How keys and the mouse change the state. Scrolling and the mouse depend on the areas of the panels.

mod act;
mod dialogs;
mod mouse;
mod scroll;

use ratatui::crossterm::event::KeyEvent;

use crate::app::{App, Mode, Next};

impl App {
    /// Handles `key`; returns what to do next.
    pub fn press(&mut self, key: KeyEvent) -> Next {
        self.message = None;
        match std::mem::take(&mut self.mode) {
            Mode::Question(question) => self.question_key(question, key),
            Mode::Command(line) => self.command_key(line, key),
            Mode::Help(help) => self.help_key(help, key),
            Mode::Metrics(picker) => self.metrics_key(picker, key),
            Mode::Normal if self.filter_key(key) => Next::Stay,
            Mode::Normal => {
                let on = self.panels().nth(self.focus).map(|panel| panel.kind);
                self.keys.action(key, on).map_or(Next::Stay, |action| self.act(action))
            }
        }
    }
}
