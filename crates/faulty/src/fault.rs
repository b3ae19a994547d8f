//! How a server fails, or harms.

use std::time::Duration;

/// What the server does instead of answering well. HEAD meets [`Fault::Status`] and [`Fault::Refuse`] alone.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Answers with this status and no file.
    Status(u16),
    /// Answers with this status and says why in `x-error-code`, as the hub does.
    Refuse(u16, &'static str),
    /// Ends after this share of what it promised.
    Part(f64),
    /// Sends half and then nothing for so long.
    Stall(Duration),
    /// Sends the whole file although a part was asked for.
    Whole,
    /// Sends half of the whole file, whatever was asked for.
    HalfOfWhole,
    /// Sends a small piece after each pause.
    Slow(Duration),
    /// Sends a byte after each pause, and has no end.
    Drip(Duration),
    /// Sends so many bytes and ends: more than it says, or more than it should.
    Flood(u64),
    /// Promises so many bytes, and sends the file.
    Promise(u64),
    /// Answers with this status, and with so many bytes of complaint.
    Complain(u16, u64),
    /// Sends a part, and says it begins one byte later.
    Shifted,
    /// Sends a part, and does not say which.
    Unsaid,
    /// Says that the file is compressed.
    Encoded,
    /// Begins with a header of so many bytes.
    Header(usize),
    /// Begins with a chunk that says so many bytes about itself.
    Extension(usize),
}

impl Fault {
    /// Whether HEAD meets it too.
    pub(crate) fn is_status(self) -> bool {
        matches!(self, Self::Status(_) | Self::Refuse(..))
    }
}
