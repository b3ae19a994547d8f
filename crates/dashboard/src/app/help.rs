//! The help: all bindings, filtered by typing.

use super::App;
use crate::keys::BINDINGS;

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
            let hint = line.argument().map_or(String::new(), |argument| format!(" {}", argument.hint));
            let keys = self.keys.text(binding, 3);
            Entry { binding, keys, command: format!(":{}{hint}", line.name), help: line.help }
        };
        let matches = |entry: &Entry| {
            let text = format!("{} {} {}", entry.keys, entry.command, entry.help).to_lowercase();
            search.split_whitespace().all(|word| text.contains(word))
        };
        (0..BINDINGS.len()).map(entry).filter(matches).collect()
    }
}
