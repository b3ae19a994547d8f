//! The log of a W&B run: `:W&B`, 0xBEE1, a version byte, then LevelDB's log format with CRC-32 (IEEE).
//!
//! A block of 32 KiB has chunks (checksum u32 of type and data, length u16, type u8, data); a record is one full chunk, or a
//! first, middle and last ones. Source: wandb's `sdk/internal/datastore.py` and `core/pkg/leveldb/record.go`.

use std::io::{self, Read};

use crc::{CRC_32_ISO_HDLC, Crc, Table};

static SUM: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
const MAGIC: &[u8; 7] = b":W&B\xe1\xbe\0";
const BLOCK: usize = 32 << 10;
/// Size of the header of a chunk.
const HEADER: usize = 7;
/// The largest record.
const LARGEST: usize = 256 << 20;

const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// Whether a file begins as a log.
pub fn is_log(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Why a log ended, or what it lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// Chunks with a wrong checksum or form; the rest of their block is skipped.
    pub corrupt: u64,
    /// Whether it ends in a record.
    pub truncated: bool,
}

/// Calls `each` with every record of a log.
pub fn read(mut stream: impl Read, mut each: impl FnMut(&[u8])) -> io::Result<Problems> {
    let mut problems = Problems::default();
    let (mut block, mut record, mut open) = (Vec::with_capacity(BLOCK), Vec::new(), false);
    let mut at = MAGIC.len();
    loop {
        block.clear();
        (&mut stream).take(BLOCK as u64).read_to_end(&mut block)?;
        while let Some(chunk) = chunk(&block, &mut at) {
            let Ok((kind, data)) = chunk else {
                // What follows in the block cannot be found.
                (problems.corrupt, at, open) = (problems.corrupt + 1, BLOCK, false);
                break;
            };
            let continues = matches!(kind, MIDDLE | LAST);
            if continues != open || record.len() + data.len() > LARGEST {
                problems.corrupt += u64::from(open || continues);
                if continues {
                    open = false;
                    continue;
                }
            }
            if !continues {
                record.clear();
            }
            record.extend_from_slice(data);
            open = matches!(kind, FIRST | MIDDLE);
            if !open {
                each(&record);
            }
        }
        if block.len() < BLOCK {
            problems.truncated = open || at < block.len();
            return Ok(problems);
        }
        at = 0;
    }
}

/// Type and data of the chunk at `at`, which moves behind it; an error if it is corrupt, none if the block has no more.
fn chunk<'a>(block: &'a [u8], at: &mut usize) -> Option<Result<(u8, &'a [u8]), ()>> {
    let header = block.get(*at..*at + HEADER)?;
    let sum = u32::from_le_bytes(header[..4].try_into().ok()?);
    let (length, kind) = (usize::from(u16::from_le_bytes([header[4], header[5]])), header[6]);
    let end = *at + HEADER + length;
    if end > BLOCK || !(FULL..=LAST).contains(&kind) {
        return Some(Err(()));
    }
    // In the last block the file may end here.
    let data = block.get(*at + HEADER..end)?;
    if SUM.checksum(&block[*at + HEADER - 1..end]) != sum {
        return Some(Err(()));
    }
    *at = end;
    Some(Ok((kind, data)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_format() {
        assert_eq!(SUM.checksum(b"123456789"), 0xCBF4_3926);
        assert!(is_log(b":W&B\xe1\xbe\0..."));
    }
}
