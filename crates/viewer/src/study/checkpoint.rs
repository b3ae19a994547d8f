//! The step of the last checkpoint, where a run resumes. It may be before the last recorded step.

use std::{io::Read as _, path::Path};

use clip_lab_files::open_regular;
use serde_json::Value;

/// The longest header to read. The header of a model with 100,000 tensors is shorter.
const MAX_HEADER: u64 = 64 << 20;

/// The step in the header of a safetensors checkpoint; `None` if the file is missing or damaged.
pub fn step(checkpoint: &Path) -> Option<u64> {
    let mut file = open_regular(checkpoint).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = Some(u64::from_le_bytes(length)).filter(|length| *length <= MAX_HEADER)?;
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    header["__metadata__"]["step"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::step;

    #[test]
    fn the_step_is_in_the_header() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).unwrap();
            step(&folder.path().join(name))
        };
        let header = br#"{"__metadata__":{"format":"clip-lab","step":"450"}}"#;
        let whole = [&(header.len() as u64).to_le_bytes()[..], header].concat();
        assert_eq!(write("whole", &whole), Some(450));
        assert_eq!(write("cut", &whole[..40]), None);
        assert_eq!(write("huge", &u64::MAX.to_le_bytes()), None);
        assert_eq!(
            (write("empty", b""), step(folder.path()), step(&folder.path().join("gone"))),
            (None, None, None)
        );
    }
}
