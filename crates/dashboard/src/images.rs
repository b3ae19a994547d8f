//! Images in the terminal: which protocol it has, and encoding on a separate thread.

mod detect;
mod gallery;
mod protocol;

use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};

pub use gallery::Gallery;
pub use protocol::Images;

/// The protocol in which images are drawn in this terminal. Queries the terminal.
pub fn detect_protocol() -> Images {
    // In raw mode the reply is not echoed and needs no Enter.
    let raw = enable_raw_mode().is_ok();
    let encoder = detect::detect(Images::Auto);
    if raw {
        let _ = disable_raw_mode();
    }
    encoder.map_or(Images::Off, |encoder| encoder.images)
}
