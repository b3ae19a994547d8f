//! How a list of captions is written, and its reading.

use std::{borrow::Cow, io::Read as _, path::Path};

use anyhow::{Context, Result, ensure};
use clip_lab_files::{GIB, open_regular, read_capped};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{coco, columns::Said, csv, jsonl, karpathy, list::List};

/// The largest list that is text; three million captions take about 300 MB.
const MOST_LIST: u64 = 4 * GIB;

/// How a list of captions is written.
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
    /// An object on each line, Hugging Face's `metadata.jsonl`.
    Jsonl,
    /// Parquet, with the images in it or beside it.
    Parquet,
}

impl Format {
    /// By the name and the first bytes; none where only the text tells.
    ///
    /// # Errors
    /// When it cannot be opened.
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

    /// By the first character and, of a JSON, the keys.
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

    /// Reads a list that is text, of this format or of the one that it looks like; and says which.
    ///
    /// # Errors
    /// When it cannot be read; the message says the line.
    pub fn read(file: &Path, format: Option<Self>, said: Said<'_>) -> Result<(Self, List)> {
        let (text, strange) = read(file)?;
        let format = format.unwrap_or_else(|| Self::of_text(&text));
        let mut list = format.parse(&text, said)?;
        ensure!(list.entries > 0, "captions {} list no picture", file.display());
        if strange > 0 {
            list.notes.push(format!("not all UTF-8: {strange} bytes were read as Latin-1"));
        }
        Ok((format, list))
    }

    /// Reads a text as this format.
    ///
    /// # Errors
    /// When it is no such list.
    pub fn parse(self, text: &str, said: Said<'_>) -> Result<List> {
        match self {
            Self::Table => csv::read(text, said),
            Self::Karpathy => karpathy::read(text),
            Self::Coco => coco::read(text),
            Self::Jsonl => jsonl::read(text, said),
            Self::Parquet => anyhow::bail!("Parquet is no text"),
        }
    }
}

fn unreadable(file: &Path) -> String {
    format!("captions {} cannot be read", file.display())
}

/// The text of a file, and how many of its bytes are not UTF-8.
fn read(file: &Path) -> Result<(String, usize)> {
    let bytes = read_capped(file, MOST_LIST).with_context(|| unreadable(file))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let (text, strange) = text(bytes);
    Ok((text.into_owned(), strange))
}

/// The text of a file; each byte that is not UTF-8 is taken for Latin-1, and counted.
pub fn text(bytes: &[u8]) -> (Cow<'_, str>, usize) {
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
