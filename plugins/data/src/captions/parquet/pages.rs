//! What the pages of a column claim, page by page, before one is decompressed.

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::MIB;
use parquet::file::{
    metadata::ColumnChunkMetaData,
    reader::{ChunkReader as _, Length as _},
};

use super::{file::Places, thrift::Compact};

/// How much a page, or all texts of a file, may grow when they are read: 64 times, or to 64 MiB. Nothing that snappy
/// writes grows more, and of what zstd writes only what repeats itself.
pub fn grown(bytes: u64) -> u64 {
    bytes.saturating_mul(64).max(64 * MIB)
}

/// The largest page, decompressed.
const MOST_PAGE: u64 = 1024 * MIB;
/// How much of a page is read for its header, which may hold the least and the greatest value: more each time.
const HEADER: [u64; 3] = [4 << 10, MIB, 64 * MIB];
/// The fewest bytes that a value of a dictionary takes.
const DICTIONARY_VALUE: u64 = 4;
/// The number of DELTA_BYTE_ARRAY among encodings.
const DELTA_BYTE_ARRAY: i64 = 7;

/// What the header of a page says.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Whether it holds the values of a dictionary and no rows.
    pub is_dictionary: bool,
    /// Values in it, nulls too.
    pub values: usize,
    /// Rows in it, where it says so.
    pub rows: Option<usize>,
    /// Whether values share their beginnings, so that all are larger than the page.
    pub shares: bool,
    /// Bytes once it is decompressed.
    pub bytes: u64,
}

/// The pages of a part of a column that hold values.
///
/// # Errors
/// When one claims what cannot be.
pub fn heads(places: &Places, chunk: &ColumnChunkMetaData) -> Result<Vec<Head>> {
    let (mut at, length) = chunk.byte_range();
    let end = at.checked_add(length).filter(|end| *end <= places.len());
    let end = end.context("its pages lie beyond the end of the file")?;
    let (mut heads, mut values) = (Vec::new(), 0_u64);
    while at < end {
        let (head, next) = head(places, at, end)?;
        values += head.map_or(0, |head| head.values as u64);
        // As with rows: nobody writes values that take no room at all.
        ensure!(values <= places.len(), "its pages claim {values} values in {} bytes", places.len());
        heads.extend(head);
        at = next;
    }
    Ok(heads)
}

/// A page, if it holds values, and where the next one begins.
fn head(places: &Places, at: u64, end: u64) -> Result<(Option<Head>, u64)> {
    let mut last = None;
    for most in HEADER {
        let bytes = places.get_bytes(at, (end - at).min(most) as usize)?;
        let mut reader = Compact::new(&bytes);
        match Raw::read(&mut reader) {
            Ok(raw) => return raw.checked(at + (bytes.len() - reader.left()) as u64, end),
            Err(error) => last = Some(error),
        }
        if bytes.len() as u64 == end - at {
            break;
        }
    }
    match last {
        Some(error) => Err(error).context("the header of a page is broken"),
        None => bail!("a page has no header"),
    }
}

/// A header as it is written.
#[derive(Default)]
struct Raw {
    kind: i64,
    uncompressed: i64,
    compressed: i64,
    values: i64,
    rows: Option<i64>,
    encoding: i64,
}

impl Raw {
    fn read(reader: &mut Compact<'_>) -> Result<Self> {
        let mut raw = Self { kind: -1, ..Self::default() };
        reader.fields(&mut |reader, number, kind| {
            match number {
                1 => raw.kind = reader.number(kind)?,
                2 => raw.uncompressed = reader.number(kind)?,
                3 => raw.compressed = reader.number(kind)?,
                5 | 7 | 8 => raw.part(reader, number)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(raw)
    }

    /// What is said of pages of one kind; 8 is that of the second version.
    fn part(&mut self, reader: &mut Compact<'_>, part: i64) -> Result<()> {
        reader.fields(&mut |reader, number, kind| {
            match (part, number) {
                (_, 1) => self.values = reader.number(kind)?,
                (8, 3) => self.rows = Some(reader.number(kind)?),
                (5 | 7, 2) | (8, 4) => self.encoding = reader.number(kind)?,
                _ => return Ok(false),
            }
            Ok(true)
        })
    }

    fn checked(self, body: u64, end: u64) -> Result<(Option<Head>, u64)> {
        let fits = u64::try_from(self.compressed).ok().and_then(|size| Some((size, body.checked_add(size)?)));
        let (compressed, next) =
            fits.filter(|(_, next)| *next <= end).context("a page lies beyond the end of its column")?;
        let bytes = u64::try_from(self.uncompressed).context("a page claims less than no bytes")?;
        let most = grown(compressed).min(MOST_PAGE);
        ensure!(bytes <= most, "a page of {compressed} bytes claims {bytes} decompressed, more than {most}");
        let values = u64::try_from(self.values).context("a page claims less than no values")?;
        let rows = self.rows.map(usize::try_from).transpose().context("a page claims less than no rows")?;
        let is_dictionary = self.kind == 2;
        let room = bytes / DICTIONARY_VALUE;
        ensure!(!is_dictionary || values <= room, "a dictionary of {bytes} bytes claims {values} values");
        let shares = self.encoding == DELTA_BYTE_ARRAY;
        let head = Head { is_dictionary, values: usize::try_from(values)?, rows, shares, bytes };
        Ok((matches!(self.kind, 0 | 2 | 3).then_some(head), next))
    }
}
