//! The records of an event file: length (u64), its checksum, data, its checksum; little-endian, masked CRC-32C.

use std::io::{self, ErrorKind, Read};

use crc::{CRC_32_ISCSI, Crc, Table};

static SUM: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
/// The largest record: images and audio of a step.
const LARGEST: u64 = 512 << 20;

/// Whether a file begins with a record: its length has the right checksum.
pub fn is_event_file(head: &[u8]) -> bool {
    let length = head.get(..8).zip(head.get(8..12));
    length.is_some_and(|(length, sum)| masked(length).to_le_bytes() == sum)
}

/// Why there are no more records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The file ends after a record.
    Complete,
    /// The file ends in a record.
    Truncated,
    /// The checksum of a length is wrong, so that later records cannot be found.
    Corrupt,
}

/// Reads records one by one.
pub struct Records<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Where the last complete record ends.
    pub offset: u64,
    /// Records with a wrong checksum, which are skipped.
    pub corrupt: u64,
}

impl<R: Read> Records<R> {
    /// The records of a stream.
    pub fn new(stream: R) -> Self {
        Records { stream, buffer: Vec::new(), offset: 0, corrupt: 0 }
    }

    /// The data of the next record, or why there is none.
    pub fn read_next(&mut self) -> io::Result<Result<&[u8], End>> {
        loop {
            let length = match self.header()? {
                Ok(length) => length,
                Err(end) => return Ok(Err(end)),
            };
            // Memory grows with what is there, not with what the file claims.
            self.buffer.clear();
            (&mut self.stream).take(length + 4).read_to_end(&mut self.buffer)?;
            if self.buffer.len() as u64 != length + 4 {
                return Ok(Err(End::Truncated));
            }
            self.offset += length + 16;
            let (data, sum) = self.buffer.split_at(length as usize);
            if masked(data).to_le_bytes() == sum {
                break;
            }
            self.corrupt += 1;
        }
        Ok(Ok(&self.buffer[..self.buffer.len() - 4]))
    }

    fn header(&mut self) -> io::Result<Result<u64, End>> {
        let mut header = [0; 12];
        let mut filled = 0;
        while filled < header.len() {
            match self.stream.read(&mut header[filled..]) {
                Ok(0) => return Ok(Err(if filled == 0 { End::Complete } else { End::Truncated })),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let (length, sum) = header.split_at(8);
        let valid = masked(length).to_le_bytes() == sum;
        let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
        Ok(if valid && length <= LARGEST { Ok(length) } else { Err(End::Corrupt) })
    }
}

fn masked(bytes: &[u8]) -> u32 {
    SUM.checksum(bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}
