//! The commands of clip-lab that need no tensors. They start fast, work without libtorch and cannot affect a run.

pub mod charts;
pub mod compare;
pub mod completions;
pub mod core;
mod date;
pub mod doctor;
pub mod eval;
pub mod export;
mod filter;
pub mod manual;
pub mod plugin;
pub mod report;
pub mod run;
pub mod runs;
pub mod search;
mod store;
pub mod study;

/// An error that lists all problems in a study, a layout, `keys.toml` or a filter. Exits with
/// [`Invalid`](clip_lab_cli::Exit::Invalid).
#[derive(Debug)]
pub struct InvalidInput(String);

impl InvalidInput {
    /// The error with this message.
    pub(crate) fn error(message: impl std::fmt::Display) -> anyhow::Error {
        Self(message.to_string()).into()
    }
}

impl std::fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidInput {}

/// Columns of the terminal; 10,000 for a pipe or a file, so that tables are not cut.
pub fn width() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => 10_000,
    }
}
