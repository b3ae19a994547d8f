//! A list of captions, however it is written.

use std::{borrow::Cow, fs, path::Path};

use anyhow::{Context, Result, ensure};

use super::{csv, karpathy};
use crate::Split;

/// A picture and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its file, from the folder of pictures on.
    pub file: String,
    /// Its part, where the list says one.
    pub split: Option<Split>,
    /// Trimmed, in order; may hold empty ones.
    pub captions: Vec<String>,
}

/// A list that was read.
#[derive(Debug)]
pub struct List {
    /// In order of first mention.
    pub pictures: Vec<Listed>,
    /// What was odd about the file, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a CSV or a Karpathy JSON; which of them it is, its first character says.
///
/// # Errors
/// When it cannot be read; the message says the line.
pub fn read(file: &Path) -> Result<List> {
    let bytes = fs::read(file).with_context(|| format!("captions {} cannot be read", file.display()))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let (text, strange) = text(bytes);
    let json = text.trim_start().starts_with('{');
    let pictures = if json { karpathy::read(&text) } else { csv::read(&text) };
    let pictures = pictures.with_context(|| format!("captions {} cannot be used", file.display()))?;
    ensure!(!pictures.is_empty(), "captions {} list no picture", file.display());
    let note = format!("{} is not all UTF-8: {strange} bytes were read as Latin-1", file.display());
    Ok(List { pictures, notes: if strange > 0 { vec![note] } else { Vec::new() } })
}

/// The text of a file; each byte that is not UTF-8 is taken for Latin-1, and counted.
fn text(bytes: &[u8]) -> (Cow<'_, str>, usize) {
    if let Ok(text) = str::from_utf8(bytes) {
        return (Cow::Borrowed(text), 0);
    }
    let (mut text, mut strange) = (String::with_capacity(bytes.len()), 0);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
        strange += chunk.invalid().len();
    }
    (Cow::Owned(text), strange)
}
