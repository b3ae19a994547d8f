//! The one way by which text reaches the screen: whatever is hidden in it is escaped.

use ratatui::{buffer::Buffer, style::Style};

use crate::text::escaped;

/// Text onto the cells of a buffer.
pub(crate) trait Put {
    /// At most `room` columns of `text` from (`x`, `y`) on; where it ends.
    fn put(
        &mut self,
        x: u16,
        y: u16,
        text: impl AsRef<str>,
        room: usize,
        style: impl Into<Style>,
    ) -> (u16, u16);

    /// All of `text` that finds room in the line.
    fn put_all(&mut self, x: u16, y: u16, text: impl AsRef<str>, style: impl Into<Style>) -> (u16, u16) {
        self.put(x, y, text, usize::MAX, style)
    }
}

impl Put for Buffer {
    #[allow(clippy::disallowed_methods)] // here, and nowhere else
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
