//! The verbs of clip-lab that need no tensors: they start at once, run where no libtorch is, and cannot hurt a run.

pub mod charts;
pub mod compare;
pub mod completions;
pub mod core;
mod date;
pub mod doctor;
pub mod eval;
pub mod export;
mod filtered;
pub mod manual;
pub mod plugin;
pub mod report;
pub mod run;
pub mod runs;
pub mod search;
pub mod study;

/// What a user wrote (a study, a layout, a filter) has mistakes, in words that name them all.
#[derive(Debug)]
pub struct Mistakes(String);

impl Mistakes {
    /// The error that says `words`.
    pub(crate) fn in_words(words: impl std::fmt::Display) -> anyhow::Error {
        Self(words.to_string()).into()
    }
}

impl std::fmt::Display for Mistakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistakes {}

/// Columns of the terminal; very many when nobody reads along, so that tables are never cut in a pipe.
pub fn width() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => 10_000,
    }
}
