//! Keys while a dialog, the command line or the filter line is open.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{
    app::{App, CommandLine, Help, Mode, Next, Picker, Question},
    keys::{BINDINGS, Handler, command},
};

impl App {
    /// Handles `key` while the command line is open.
    pub(super) fn command_key(&mut self, mut line: CommandLine, key: KeyEvent) -> Next {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return self.run_command(&line.text),
            KeyCode::Esc => return Next::Stay,
            KeyCode::Char('c' | 'd') if control => return Next::Stay,
            KeyCode::Backspace if line.text.is_empty() => return Next::Stay,
            KeyCode::Tab => line.complete(self, false),
            KeyCode::BackTab => line.complete(self, true),
            _ => line.edit(key),
        }
        self.mode = Mode::Command(line);
        Next::Stay
    }

    /// Runs a command; an invalid one sets an error message.
    fn run_command(&mut self, text: &str) -> Next {
        match command::parse(self, text) {
            Ok(Some(action)) => self.act(action),
            Ok(None) => Next::Stay,
            Err(text) => {
                self.notify(text, false);
                Next::Stay
            }
        }
    }

    /// Handles `key` while the help is open.
    pub(super) fn help_key(&mut self, mut help: Help, key: KeyEvent) -> Next {
        let count = self.entries(&help.search).len().max(1);
        match key.code {
            KeyCode::Esc => return Next::Stay,
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => return Next::Stay,
            KeyCode::Enter => return self.run_marked(&help),
            KeyCode::Up | KeyCode::BackTab => help.marked = (help.marked + count - 1) % count,
            KeyCode::Down | KeyCode::Tab => help.marked = (help.marked + 1) % count,
            KeyCode::Backspace => {
                help.search.pop();
                help.marked = 0;
            }
            // `?` opens and closes the help.
            KeyCode::Char('?') if help.search.is_empty() => return Next::Stay,
            KeyCode::Char(c) if !c.is_control() => {
                help.search.push(c);
                help.marked = 0;
            }
            _ => {}
        }
        self.mode = Mode::Help(help);
        Next::Stay
    }

    fn run_marked(&mut self, help: &Help) -> Next {
        let Some(entry) = self.entries(&help.search).into_iter().nth(help.marked) else { return Next::Stay };
        let binding = &BINDINGS[entry.binding];
        match &binding.handler {
            Handler::Action(action) => self.act(action.clone()),
            Handler::Argument(_) | Handler::Either(..) => {
                self.mode = Mode::Command(CommandLine::new(format!("{} ", binding.name)));
                Next::Stay
            }
        }
    }

    /// Handles `key` while the metric list is open.
    pub(super) fn metrics_key(&mut self, mut picker: Picker, key: KeyEvent) -> Next {
        let count = self.metrics(&picker.search).len().max(1);
        match key.code {
            KeyCode::Esc => return Next::Stay,
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => return Next::Stay,
            KeyCode::Enter => {
                let chosen = self.metrics(&picker.search).into_iter().nth(picker.marked);
                if let Some(metric) = chosen {
                    self.toggle_chart(metric);
                }
                return Next::Stay;
            }
            KeyCode::Up | KeyCode::BackTab => picker.marked = (picker.marked + count - 1) % count,
            KeyCode::Down | KeyCode::Tab => picker.marked = (picker.marked + 1) % count,
            KeyCode::PageUp => picker.marked = picker.marked.saturating_sub(10),
            KeyCode::PageDown => picker.marked = (picker.marked + 10).min(count - 1),
            KeyCode::Backspace => _ = picker.search.pop(),
            // `/` starts a search elsewhere; here every letter searches.
            KeyCode::Char('/') if picker.search.is_empty() => {}
            KeyCode::Char(c) if !c.is_control() => picker.search.push(c),
            _ => {}
        }
        if matches!(key.code, KeyCode::Backspace | KeyCode::Char(_)) {
            picker.marked = 0;
        }
        self.mode = Mode::Metrics(picker);
        Next::Stay
    }

    /// Handles `key` while a question is open.
    pub(super) fn question_key(&mut self, mut question: Question, key: KeyEvent) -> Next {
        let last = question.answers.len() - 1;
        let chosen = match key.code {
            KeyCode::Enter => Some(question.marked),
            KeyCode::Esc => Some(last),
            KeyCode::Char(c) => question.answers.iter().position(|(letter, ..)| *letter == c),
            KeyCode::Up | KeyCode::Left | KeyCode::BackTab => {
                question.cycle(last);
                None
            }
            KeyCode::Down | KeyCode::Right | KeyCode::Tab => {
                question.cycle(1);
                None
            }
            _ => None,
        };
        match chosen {
            Some(chosen) => question.answers.swap_remove(chosen).1,
            None => {
                self.mode = Mode::Question(question);
                Next::Stay
            }
        }
    }

    /// Passes a key to the filter line; false if the line does not take it.
    pub(super) fn filter_key(&mut self, key: KeyEvent) -> bool {
        let filter = &self.table.filter;
        let interrupts = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        // Esc clears an active filter before it closes anything else.
        let clears = key.code == KeyCode::Esc && !filter.text.is_empty();
        if interrupts || !(filter.open || clears) {
            return false;
        }
        if self.table.filter.press(key) {
            self.table.refresh(&self.snapshot);
        }
        true
    }
}
