//! The help: all bindings, filtered by typing, run with Enter.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{App, Mode, Next, command_line::argument};
use crate::keys::{BINDINGS, Does};

/// The open help.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Help {
    /// The search text.
    pub search: String,
    /// The marked line of the results.
    pub marked: usize,
}

/// One line of the help.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its index in [`BINDINGS`].
    pub binding: usize,
    /// Its current keys.
    pub keys: String,
    /// Its command, with a hint for the argument.
    pub command: String,
    /// What it does.
    pub help: &'static str,
}

impl App {
    /// The lines of the help that contain every word of `search`.
    pub fn entries(&self, search: &str) -> Vec<Entry> {
        let search = search.to_lowercase();
        let entry = |binding: usize| {
            let line = &BINDINGS[binding];
            let hint = argument(line).map_or(String::new(), |argument| format!(" {}", argument.hint));
            let keys = self.keys.text(binding, 3);
            Entry { binding, keys, command: format!(":{}{hint}", line.name), help: line.help }
        };
        let fits = |entry: &Entry| {
            let text = format!("{} {} {}", entry.keys, entry.command, entry.help).to_lowercase();
            search.split_whitespace().all(|word| text.contains(word))
        };
        (0..BINDINGS.len()).map(entry).filter(fits).collect()
    }

    /// Handles `key` while the help is open.
    pub(super) fn search(&mut self, mut help: Help, key: KeyEvent) -> Next {
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
        match &binding.does {
            Does::Action(action) => self.act(action.clone()),
            Does::Argument(_) | Does::Either(..) => {
                self.mode = Mode::Command(super::CommandLine::new(format!("{} ", binding.name)));
                Next::Stay
            }
        }
    }
}
