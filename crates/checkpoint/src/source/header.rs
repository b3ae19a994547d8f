//! The header of a safetensors file. Knows no tensors, so that it can be fuzzed alone.

use safetensors::tensor::{Metadata, SafeTensorError, SafeTensors};

/// Bytes of the length that a safetensors file begins with.
const LENGTH: usize = 8;

/// Where the tensors begin, and what they are; every one of them lies within the bytes.
///
/// # Errors
/// What is wrong with the file, in words.
pub fn read(bytes: &[u8]) -> Result<(usize, Metadata), String> {
    let (length, header) = SafeTensors::read_metadata(bytes).map_err(|error| explain(&error, bytes))?;
    Ok((LENGTH + length, header))
}

/// What is wrong with the file, in words: most often it was cut short.
fn explain(error: &SafeTensorError, bytes: &[u8]) -> String {
    let there = bytes.len();
    match error {
        SafeTensorError::HeaderTooSmall => {
            format!("cut short: only {there} bytes, a safetensors file has at least {LENGTH}")
        }
        SafeTensorError::InvalidHeaderLength => {
            let promised = header_length(bytes);
            format!(
                "cut short or no safetensors file: a header of {promised} bytes is announced, {} are there",
                there - LENGTH
            )
        }
        SafeTensorError::MetadataIncompleteBuffer => incomplete(bytes),
        SafeTensorError::InvalidHeader(_)
        | SafeTensorError::InvalidHeaderDeserialization(_)
        | SafeTensorError::HeaderTooLarge => format!("no safetensors file: {error}"),
        other => format!("a damaged safetensors file: {other}"),
    }
}

/// How many bytes the tensors lack, and the first tensor that is not whole.
fn incomplete(bytes: &[u8]) -> String {
    let start = LENGTH + header_length(bytes);
    let there = bytes.len() - start;
    let Ok(header) = serde_json::from_slice::<Metadata>(&bytes[LENGTH..start]) else {
        return "a damaged header".into();
    };
    let tensors = header.tensors();
    let end = tensors.values().map(|info| info.data_offsets.1).max().unwrap_or(0);
    let broken = tensors.iter().filter(|(_, info)| info.data_offsets.1 > there);
    match broken.min_by_key(|(_, info)| info.data_offsets) {
        Some((name, _)) => format!(
            "cut short: its tensors take {end} bytes, {there} are there; the first that is not whole is `{name}`. \
             Fetch or copy the file again"
        ),
        None => format!("{} bytes follow the last tensor: a damaged safetensors file", there - end),
    }
}

fn header_length(bytes: &[u8]) -> usize {
    let length: [u8; LENGTH] = bytes[..LENGTH].try_into().unwrap_or_default();
    usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX)
}
