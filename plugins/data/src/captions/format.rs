//! Formats of caption lists, and their detection.

use std::{borrow::Cow, io::Read as _, path::Path};

use anyhow::{Context, Result, ensure};
use clip_lab_files::{GIB, open_regular, read_capped};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{coco, columns::ColumnOverrides, csv, jsonl, karpathy, list::List};

/// Maximum size of a text list; three million captions take about 300 MB.
const MAX_LIST: u64 = 4 * GIB;

/// Format of a list of captions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A table with a header, separated by commas, tabs or bars: Kaggle's Flickr8k, Flickr30k's `results.csv`,
    /// open_clip's lists, Hugging Face's `metadata.csv`.
    Table,
    /// Karpathy's `dataset_*.json`.
    Karpathy,
    /// COCO's `captions_*.json`.
    Coco,
    /// One object per line, Hugging Face's `metadata.jsonl`.
    Jsonl,
    /// Parquet, with embedded images or with paths of image files.
    Parquet,
}

impl Format {
    /// Detected by name and first bytes; none if the text must be inspected.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn of(file: &Path) -> Result<Option<Self>> {
        let mut start = [0; 4];
        let mut opened = open_regular(file).with_context(|| unreadable(file))?;
        let parquet = opened.read_exact(&mut start).is_ok() && &start == b"PAR1";
        let ends = |ending: &str| file.extension().is_some_and(|known| known.eq_ignore_ascii_case(ending));
        Ok(if parquet || ends("parquet") {
            Some(Self::Parquet)
        } else if ends("jsonl") || ends("ndjson") {
            Some(Self::Jsonl)
        } else {
            None
        })
    }

    /// Detected by the first character and, for JSON, the keys.
    pub fn of_text(text: &str) -> Self {
        #[derive(Deserialize)]
        struct Keys {
            images: Option<IgnoredAny>,
            annotations: Option<IgnoredAny>,
        }
        if !text.trim_start().starts_with('{') {
            return Self::Table;
        }
        let first = text.trim_start().lines().next().unwrap_or_default();
        match (serde_json::from_str::<Keys>(text), serde_json::from_str::<Keys>(first)) {
            (Ok(Keys { images: Some(_), annotations: Some(_) }), _) => Self::Coco,
            (Ok(Keys { images: Some(_), .. }), _) => Self::Karpathy,
            (_, Ok(_)) => Self::Jsonl,
            _ => Self::Karpathy,
        }
    }

    /// Reads a text list in `format`, or in the detected format if none; returns the format too.
    ///
    /// # Errors
    /// If it cannot be read; the message names the line.
    pub fn read(file: &Path, format: Option<Self>, overrides: ColumnOverrides<'_>) -> Result<(Self, List)> {
        let (text, invalid) = read(file)?;
        let format = format.unwrap_or_else(|| Self::of_text(&text));
        let mut list = format.parse(&text, overrides)?;
        ensure!(list.entries > 0, "captions {} list no image", file.display());
        if invalid > 0 {
            list.notes.push(format!("not valid UTF-8: {invalid} bytes were read as Latin-1"));
        }
        Ok((format, list))
    }

    /// Parses a text in this format.
    ///
    /// # Errors
    /// If it is not in this format.
    pub fn parse(self, text: &str, overrides: ColumnOverrides<'_>) -> Result<List> {
        match self {
            Self::Table => csv::read(text, overrides),
            Self::Karpathy => karpathy::read(text),
            Self::Coco => coco::read(text),
            Self::Jsonl => jsonl::read(text, overrides),
            Self::Parquet => anyhow::bail!("Parquet is not a text format"),
        }
    }
}

fn unreadable(file: &Path) -> String {
    format!("captions {} cannot be read", file.display())
}

/// The text of a file, and the number of its bytes that are not UTF-8.
fn read(file: &Path) -> Result<(String, usize)> {
    let bytes = read_capped(file, MAX_LIST).with_context(|| unreadable(file))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let (text, invalid) = text(bytes);
    Ok((text.into_owned(), invalid))
}

/// Decodes UTF-8; invalid bytes are decoded as Latin-1 and counted.
pub fn text(bytes: &[u8]) -> (Cow<'_, str>, usize) {
    if let Ok(text) = str::from_utf8(bytes) {
        return (Cow::Borrowed(text), 0);
    }
    let (mut text, mut invalid) = (String::with_capacity(bytes.len()), 0);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
        invalid += chunk.invalid().len();
    }
    (Cow::Owned(text), invalid)
}
