//! Checks the lengths in pages before the library allocates memory for them: in two encodings the page itself contains
//! a count, which the library trusts.

use anyhow::{Context, Result, ensure};
use parquet::{
    basic::Encoding,
    column::page::{Page, PageMetadata, PageReader},
    errors::ParquetError,
};

/// Wraps a page reader and checks its pages.
pub struct Checked {
    pages: Box<dyn PageReader>,
    /// Maximum definition and repetition level.
    levels: (i16, i16),
}

impl Checked {
    /// Pages of a column with these maximum definition and repetition levels.
    pub fn new(pages: Box<dyn PageReader>, levels: (i16, i16)) -> Self {
        Self { pages, levels }
    }
}

impl Iterator for Checked {
    type Item = parquet::errors::Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Checked {
    fn get_next_page(&mut self) -> parquet::errors::Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            check(page, self.levels).map_err(|error| ParquetError::General(format!("{error:#}")))?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> parquet::errors::Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> parquet::errors::Result<()> {
        self.pages.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.pages.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> parquet::errors::Result<Option<Page>> {
        self.pages.take_deferred_dictionary()
    }

    fn at_record_boundary(&mut self) -> parquet::errors::Result<bool> {
        self.pages.at_record_boundary()
    }
}

fn check(page: &Page, levels: (i16, i16)) -> Result<()> {
    let lists = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1, // lengths
        Encoding::DELTA_BYTE_ARRAY => 2,        // lengths of shared prefixes, lengths of suffixes
        _ => return Ok(()),
    };
    let mut values = values(page, levels).context("a page is shorter than its levels")?;
    for _ in 0..lists {
        // A page of nulls has no values.
        if !values.is_empty() {
            values = after(values, page.num_values() as usize)?;
        }
    }
    Ok(())
}

/// The part of a page after the levels.
fn values(page: &Page, (defined, repeated): (i16, i16)) -> Option<&[u8]> {
    match page {
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let mut rest = &buf[..];
            for (level, encoding) in [(repeated, rep_level_encoding), (defined, def_level_encoding)] {
                let bits = u16::BITS - level.unsigned_abs().leading_zeros();
                let length = match encoding {
                    _ if level == 0 => 0,
                    Encoding::RLE => u32::from_le_bytes(*rest.first_chunk()?) as usize + 4,
                    _ => (*num_values as usize * bits as usize).div_ceil(8),
                };
                rest = rest.get(length..)?;
            }
            Some(rest)
        }
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(*def_levels_byte_len as usize + *rep_levels_byte_len as usize..)
        }
        Page::DictionaryPage { buf, .. } => Some(&buf[..]),
    }
}

/// The part after a list of at most `most` numbers encoded as differences, DELTA_BINARY_PACKED,
/// <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.
fn after(list: &[u8], most: usize) -> Result<&[u8]> {
    let mut rest = list;
    let mut number = || varint(&mut rest).context("a list of lengths ends early");
    let (block, parts, count, _first) = (number()?, number()?, number()?, number()?);
    ensure!(count <= most as u64, "a page of {most} values claims the lengths of {count}");
    ensure!(parts > 0 && block.is_multiple_of(parts), "a list of lengths is corrupt");
    let (each, mut left) = (block / parts, count.saturating_sub(1));
    while left > 0 && each > 0 {
        rest = differences(rest, each, usize::try_from(parts)?, &mut left)
            .context("a list of lengths ends early")?;
    }
    Ok(rest)
}

/// The part after a block of differences: a minimum, a bit width per part, and the parts needed.
fn differences<'a>(mut rest: &'a [u8], each: u64, parts: usize, left: &mut u64) -> Option<&'a [u8]> {
    varint(&mut rest)?;
    let (widths, mut rest) = rest.split_at_checked(parts)?;
    for width in widths {
        if *left > 0 {
            let bytes = usize::try_from(each.checked_mul(u64::from(*width))?.div_ceil(8)).ok()?;
            rest = rest.get(bytes..)?;
            *left = left.saturating_sub(each);
        }
    }
    Some(rest)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}
