//! The only way to write text to the screen: escapes control and invisible characters.

use ratatui::{buffer::Buffer, style::Style};

use clip_lab_chart::text::escaped;

/// Writes escaped text to a buffer.
pub(crate) trait Put {
    /// Writes at most `room` columns of `text` at (`x`, `y`); returns the position after it.
    fn put(
        &mut self,
        x: u16,
        y: u16,
        text: impl AsRef<str>,
        room: usize,
        style: impl Into<Style>,
    ) -> (u16, u16);

    /// Writes as much of `text` as fits on the line.
    fn put_all(&mut self, x: u16, y: u16, text: impl AsRef<str>, style: impl Into<Style>) -> (u16, u16) {
        self.put(x, y, text, usize::MAX, style)
    }
}

impl Put for Buffer {
    #[allow(clippy::disallowed_methods)] // the only use
    fn put(
        &mut self,
        x: u16,
        y: u16,
        text: impl AsRef<str>,
        room: usize,
        style: impl Into<Style>,
    ) -> (u16, u16) {
        self.set_stringn(x, y, escaped(text.as_ref()), room, style)
    }
}
