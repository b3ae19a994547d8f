//! Checks the page headers of a column before a page is decompressed.

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::MIB;
use parquet::file::{
    metadata::ColumnChunkMetaData,
    reader::{ChunkReader as _, Length as _},
};

use super::{
    shared_file::SharedFile,
    thrift::{Compact, STRUCT},
};

/// Maximum decompressed size of a page, or of all texts of a file: 64 times its size, or 64 MiB. snappy never exceeds
/// this, and zstd only for repetitive data.
pub fn max_decompressed(bytes: u64) -> u64 {
    bytes.saturating_mul(64).max(64 * MIB)
}

/// Maximum decompressed size of a page.
const MAX_PAGE: u64 = 1024 * MIB;
/// Bytes read for a page header, increasing with each attempt, since it may contain minimum and maximum values.
const HEADER: [u64; 3] = [4 << 10, MIB, 64 * MIB];
/// Minimum size of a dictionary value.
const DICTIONARY_VALUE: u64 = 4;
/// The code of the encoding DELTA_BYTE_ARRAY.
const DELTA_BYTE_ARRAY: i64 = 7;

/// The header of a page.
#[derive(Debug, Clone, Copy)]
pub struct PageHeader {
    /// Whether it contains dictionary values and no rows.
    pub is_dictionary: bool,
    /// Number of values, including nulls.
    pub values: usize,
    /// Number of rows, if stated.
    pub rows: Option<usize>,
    /// Whether values share prefixes, so that they are larger than the page together.
    pub shares: bool,
    /// Decompressed size.
    pub bytes: u64,
}

/// The headers of the pages of a column chunk that contain values.
///
/// # Errors
/// If a header claims impossible sizes.
pub fn headers(source: &SharedFile, chunk: &ColumnChunkMetaData) -> Result<Vec<PageHeader>> {
    let (mut at, length) = chunk.byte_range();
    let end = at.checked_add(length).filter(|end| *end <= source.len());
    let end = end.context("its pages are beyond the end of the file")?;
    let (mut headers, mut values) = (Vec::new(), 0_u64);
    while at < end {
        let (header, next) = read_header(source, at, end)?;
        values += header.map_or(0, |header| header.values as u64);
        // As with rows: every value takes at least one byte.
        ensure!(values <= source.len(), "its pages claim {values} values in {} bytes", source.len());
        headers.extend(header);
        at = next;
    }
    Ok(headers)
}

/// A page header, if the page contains values, and the offset of the next page.
fn read_header(source: &SharedFile, at: u64, end: u64) -> Result<(Option<PageHeader>, u64)> {
    let mut last = None;
    for most in HEADER {
        let bytes = source.get_bytes(at, (end - at).min(most) as usize)?;
        let mut reader = Compact::new(&bytes);
        match RawHeader::read(&mut reader) {
            Ok(raw) => return raw.checked(at + (bytes.len() - reader.left()) as u64, end),
            Err(error) => last = Some(error),
        }
        if bytes.len() as u64 == end - at {
            break;
        }
    }
    match last {
        Some(error) => Err(error).context("a page header is corrupt"),
        None => bail!("a page has no header"),
    }
}

/// A header as stored.
#[derive(Default)]
struct RawHeader {
    kind: i64,
    uncompressed: i64,
    compressed: i64,
    values: i64,
    rows: Option<i64>,
    encoding: i64,
}

impl RawHeader {
    fn read(reader: &mut Compact<'_>) -> Result<Self> {
        let mut raw = Self { kind: -1, ..Self::default() };
        reader.fields(&mut |reader, number, kind| {
            match number {
                1 => raw.kind = reader.number32(kind)?,
                2 => raw.uncompressed = reader.number(kind)?,
                3 => raw.compressed = reader.number32(kind)?,
                4 => drop(reader.number(kind)?),
                5..=8 => {
                    ensure!(kind == STRUCT && number == raw.kind + 5, "it describes another kind of page");
                    raw.part(reader, number)?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(raw)
    }

    /// Reads the struct of the page kind: 5 for data pages, 6 for indices, 7 for dictionaries, 8 for data pages of version
    /// 2. The library reads the fields that it knows whatever their type, so their types are checked.
    fn part(&mut self, reader: &mut Compact<'_>, part: i64) -> Result<()> {
        reader.fields(&mut |reader, number, kind| {
            match (part, number) {
                (5 | 7 | 8, 1) => self.values = reader.number32(kind)?,
                (8, 3) => self.rows = Some(reader.number32(kind)?),
                (5 | 7, 2) | (8, 4) => self.encoding = reader.number32(kind)?,
                (5, 3 | 4) | (8, 2 | 5 | 6) => drop(reader.number(kind)?),
                _ => return Ok(false),
            }
            Ok(true)
        })
    }

    fn checked(self, body: u64, end: u64) -> Result<(Option<PageHeader>, u64)> {
        let fits = u64::try_from(self.compressed).ok().and_then(|size| Some((size, body.checked_add(size)?)));
        let (compressed, next) =
            fits.filter(|(_, next)| *next <= end).context("a page is beyond the end of its column")?;
        let bytes = u64::try_from(self.uncompressed).context("a page claims a negative size")?;
        let most = max_decompressed(compressed).min(MAX_PAGE);
        ensure!(
            bytes <= most,
            "a page of {compressed} bytes claims {bytes} decompressed; the limit is {most}"
        );
        let values = u64::try_from(self.values).context("a page claims a negative number of values")?;
        let rows =
            self.rows.map(usize::try_from).transpose().context("a page claims a negative number of rows")?;
        let is_dictionary = self.kind == 2;
        let room = bytes / DICTIONARY_VALUE;
        ensure!(!is_dictionary || values <= room, "a dictionary of {bytes} bytes claims {values} values");
        let shares = self.encoding == DELTA_BYTE_ARRAY;
        let header = PageHeader { is_dictionary, values: usize::try_from(values)?, rows, shares, bytes };
        Ok((matches!(self.kind, 0 | 2 | 3).then_some(header), next))
    }
}
