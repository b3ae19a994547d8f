//! Faults that the server injects.

use std::time::Duration;

/// A fault of one response. For HEAD only [`Fault::Status`] and [`Fault::Refuse`] apply.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Responds with this status and no body.
    Status(u16),
    /// Responds with this status and this `x-error-code`, as the hub does.
    Refuse(u16, &'static str),
    /// Closes the connection after this fraction of the announced bytes.
    Part(f64),
    /// Sends half, then nothing for this time.
    Stall(Duration),
    /// Sends the whole file although a range was requested.
    Whole,
    /// Sends half of the whole file, whatever was requested.
    HalfOfWhole,
    /// Sends a small piece after each pause.
    Slow(Duration),
    /// Sends a byte after each pause, forever.
    Drip(Duration),
    /// Sends this many bytes without a content length.
    Flood(u64),
    /// Announces this many bytes, and sends the file.
    Promise(u64),
    /// Responds with this status and an error body of this many bytes.
    Complain(u16, u64),
    /// Sends a range, and reports that it starts one byte later.
    Shifted,
    /// Sends a range without reporting it.
    Unsaid,
    /// Reports that the file is compressed.
    Encoded,
    /// Sends a header of this many bytes.
    Header(usize),
    /// Sends a chunk extension of this many bytes.
    Extension(usize),
}

impl Fault {
    /// Whether it applies to HEAD too.
    pub(crate) fn is_status(self) -> bool {
        matches!(self, Self::Status(_) | Self::Refuse(..))
    }
}
