//! The verbs of clip-lab that need no tensors: they start at once, run where no libtorch is, and cannot hurt a run.

pub mod charts;
pub mod compare;
pub mod core;
pub mod eval;
mod evaluations;
pub mod export;
mod filtered;
pub mod plugin;
pub mod report;
pub mod run;
pub mod runs;
pub mod search;
pub mod study;

/// Columns of the terminal; very many when nobody reads along, so that tables are never cut in a pipe.
pub fn width() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => 10_000,
    }
}
