//! Frames: a header in JSON and bytes, each with its length before it.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// What each side sends first.
pub const MAGIC: &[u8; 8] = b"clip-lab";
/// The longest header: a run with its settings, events and summaries, or log calls of one transaction.
const MAX_HEADER: u32 = 256 << 20;
/// The longest body: more than one block of a file.
const MAX_BODY: u32 = 4 << 20;

/// Writes one frame.
///
/// # Errors
/// If it is too long or cannot be written.
pub fn write(to: &mut impl Write, header: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let header = serde_json::to_vec(header)?;
    let too_long = || io::Error::new(ErrorKind::InvalidData, "the records of the run are too large to send");
    let head =
        u32::try_from(header.len()).ok().filter(|length| *length <= MAX_HEADER).ok_or_else(too_long)?;
    let rest = u32::try_from(body.len()).ok().filter(|length| *length <= MAX_BODY).ok_or_else(too_long)?;
    to.write_all(&head.to_le_bytes())?;
    to.write_all(&rest.to_le_bytes())?;
    to.write_all(&header)?;
    to.write_all(body)?;
    to.flush()
}

/// Reads one frame; none at the end of the stream.
///
/// # Errors
/// If it is cut off, too long, or not of this type.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut lengths = [0; 8];
    match from.read(&mut lengths[..1])? {
        0 => return Ok(None),
        _ => from.read_exact(&mut lengths[1..])?,
    }
    let [head, body] = [0, 4].map(|at| u32::from_le_bytes([0, 1, 2, 3].map(|i| lengths[at + i])));
    if head > MAX_HEADER || body > MAX_BODY {
        return Err(io::Error::new(ErrorKind::InvalidData, "the other side sent a frame that is too long"));
    }
    let header = clip_lab_files::read_all(from.by_ref().take(head.into()), head.into(), head.into())?;
    let bytes = clip_lab_files::read_all(from.by_ref().take(body.into()), body.into(), body.into())?;
    if header.len() as u64 != u64::from(head) || bytes.len() as u64 != u64::from(body) {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(Some((serde_json::from_slice(&header)?, bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_and_damage_is_an_error() {
        let mut bytes = Vec::new();
        write(&mut bytes, &("a", 1), b"body").unwrap();
        assert_eq!(read::<(String, u8)>(&mut &bytes[..]).unwrap(), Some((("a".into(), 1), b"body".to_vec())));
        assert_eq!(read::<(String, u8)>(&mut &b""[..]).unwrap(), None);
        for end in 1..bytes.len() {
            assert!(read::<(String, u8)>(&mut &bytes[..end]).is_err(), "{end}");
        }
        assert!(read::<u8>(&mut &bytes[..]).is_err());
        for long in [[0xff; 4], (MAX_HEADER + 1).to_le_bytes()] {
            let frame = [&long[..], &[0; 4], b"x"].concat();
            assert!(read::<u8>(&mut &frame[..]).unwrap_err().to_string().contains("too long"));
        }
        assert!(write(&mut Vec::new(), &(), &vec![0; MAX_BODY as usize + 1]).is_err());
    }
}
