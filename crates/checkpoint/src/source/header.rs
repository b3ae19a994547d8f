//! The header of a safetensors file. Independent of libtorch, so that it can be fuzzed alone.

use safetensors::tensor::{Metadata, SafeTensorError, SafeTensors};

/// Bytes of the length field at the start of a safetensors file.
const LENGTH: usize = 8;

/// The offset of the tensor data, and the header; every tensor lies within the bytes.
///
/// # Errors
/// The message, if the file is truncated or invalid.
pub fn read(bytes: &[u8]) -> Result<(usize, Metadata), String> {
    let (length, header) = SafeTensors::read_metadata(bytes).map_err(|error| explain(&error, bytes))?;
    Ok((LENGTH + length, header))
}

/// The message of an error; most often the file is truncated.
fn explain(error: &SafeTensorError, bytes: &[u8]) -> String {
    let actual = bytes.len();
    match error {
        SafeTensorError::HeaderTooSmall => {
            format!("truncated: only {actual} bytes, but a safetensors file has at least {LENGTH}")
        }
        SafeTensorError::InvalidHeaderLength => {
            let expected = header_length(bytes);
            format!(
                "truncated or not a safetensors file: the header should have {expected} bytes, but only {} follow",
                actual - LENGTH
            )
        }
        SafeTensorError::MetadataIncompleteBuffer => incomplete(bytes),
        SafeTensorError::InvalidHeader(_)
        | SafeTensorError::InvalidHeaderDeserialization(_)
        | SafeTensorError::HeaderTooLarge => format!("not a safetensors file: {error}"),
        other => format!("a damaged safetensors file: {other}"),
    }
}

/// The number of missing bytes, and the first incomplete tensor.
fn incomplete(bytes: &[u8]) -> String {
    let start = LENGTH + header_length(bytes);
    let actual = bytes.len() - start;
    let Ok(header) = serde_json::from_slice::<Metadata>(&bytes[LENGTH..start]) else {
        return "a damaged header".into();
    };
    let tensors = header.tensors();
    let end = tensors.values().map(|info| info.data_offsets.1).max().unwrap_or(0);
    let incomplete = tensors.iter().filter(|(_, info)| info.data_offsets.1 > actual);
    match incomplete.min_by_key(|(_, info)| info.data_offsets) {
        Some((name, _)) => format!(
            "truncated: its tensors take {end} bytes, but it has {actual}; the first incomplete tensor is `{name}`. \
             Download or copy the file again"
        ),
        None => format!("{} bytes follow the last tensor: a damaged safetensors file", actual - end),
    }
}

fn header_length(bytes: &[u8]) -> usize {
    let length: [u8; LENGTH] = bytes[..LENGTH].try_into().unwrap_or_default();
    usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX)
}
