//! Checks the footer of a Parquet file before the library trusts it and allocates memory and stack for it.

use anyhow::{Context, Result, ensure};
use clip_lab_files::MIB;
use parquet::file::{
    metadata::ParquetMetaData,
    reader::{ChunkReader as _, Length as _},
};

use super::{
    shape,
    shared_file::SharedFile,
    thrift::{BINARY, BYTE, Compact, LIST, STRUCT},
};

/// Maximum size of a footer.
const MAX_FOOTER: u64 = 64 * MIB;
/// Maximum number of groups and columns in a schema.
const MAX_COLUMNS: usize = 10_000;
/// Maximum nesting of groups in a schema; the library recurses into them.
const MAX_DEPTH: usize = 64;
/// Size of the length and the magic number at the end of a file.
const TAIL: u64 = 8;

/// Rejects a file whose footer claims impossible sizes, or that is too short for a footer.
pub fn check(source: &SharedFile) -> Result<()> {
    let end = source.len().checked_sub(TAIL).context("it has no footer")?;
    let tail = source.get_bytes(end, TAIL as usize)?;
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    ensure!(length <= MAX_FOOTER, "its footer claims {length} bytes; the limit is {MAX_FOOTER}");
    let start = end.checked_sub(length).with_context(|| format!("its footer claims {length} bytes"))?;
    claims(&source.get_bytes(start, length as usize)?).context("its footer is corrupt")
}

fn claims(footer: &[u8]) -> Result<()> {
    Compact::new(footer).fields(&mut |reader, number, kind| {
        match number {
            1 => drop(reader.number(kind)?),
            2 => {
                ensure!(kind == LIST, "its schema is not a list");
                schema(reader)?;
            }
            // After the first schema, the library skips any other.
            _ => return shape::of(shape::FILE, reader, number, kind),
        }
        Ok(true)
    })
}

/// Checks the tree of groups and columns, in which every group states the number of its children.
fn schema(reader: &mut Compact<'_>) -> Result<()> {
    let (kind, count) = reader.list()?;
    ensure!(kind == STRUCT, "its schema contains no groups and columns");
    ensure!(count <= MAX_COLUMNS, "its schema has {count} columns; the limit is {MAX_COLUMNS}");
    let mut remaining = Vec::<usize>::new();
    for number in 1..=count {
        while remaining.last() == Some(&0) {
            remaining.pop();
        }
        if let Some(left) = remaining.last_mut() {
            *left -= 1;
        }
        let children = children(reader)?;
        let children = usize::try_from(children).ok().filter(|children| *children <= count - number);
        match children
            .with_context(|| format!("group {number} of its schema claims columns that it lacks"))?
        {
            0 => {}
            children => remaining.push(children),
        }
        ensure!(remaining.len() <= MAX_DEPTH, "its schema is nested more than {MAX_DEPTH} deep");
    }
    Ok(())
}

/// The number of children of a group. The library reads a field that it knows whatever its type, and would find other
/// groups after a field of a wrong type; so the types are checked.
fn children(reader: &mut Compact<'_>) -> Result<i64> {
    let mut children = 0;
    reader.fields(&mut |reader, number, kind| {
        match number {
            5 => children = reader.number(kind)?,
            1..=3 | 6..=9 => drop(reader.number(kind)?),
            10 => logical_type(reader, kind)?,
            _ => {
                ensure!(number != 4 || kind == BINARY, "a name in its schema is not a text");
                return Ok(false);
            }
        }
        Ok(true)
    })?;
    Ok(children)
}

/// Skips a logical type, a union of structs, and checks the types of their fields.
fn logical_type(reader: &mut Compact<'_>, kind: u8) -> Result<()> {
    let check = |is_valid: bool| -> Result<()> {
        ensure!(is_valid, "a logical type in its schema is corrupt");
        Ok(())
    };
    check(kind == STRUCT)?;
    reader.fields(&mut |reader, logical, kind| {
        check(kind == STRUCT)?;
        reader.fields(&mut |reader, number, kind| {
            match (logical, number) {
                // Scale and precision of a decimal, algorithm of a geography.
                (5, 1 | 2) | (18, 2) => check((4..=6).contains(&kind))?,
                // Unit of a time or timestamp, a union of empty structs.
                (7 | 8, 2) => {
                    check(kind == STRUCT)?;
                    reader.fields(&mut |_, _, kind| check(kind == STRUCT).map(|()| false))?;
                    return Ok(true);
                }
                // Bits of an integer, version of a variant.
                (10 | 16, 1) => check(kind == BYTE)?,
                // Coordinate system of a geometry or geography.
                (17 | 18, 1) => check(kind == BINARY)?,
                _ => {}
            }
            Ok(false)
        })?;
        Ok(true)
    })
}

/// The number of rows. A file has at least one byte per row, since each is an image.
///
/// # Errors
/// If the claimed number differs from that of the row groups, or exceeds the file size.
pub fn rows(metadata: &ParquetMetaData, length: u64) -> Result<usize> {
    let claimed = u64::try_from(metadata.file_metadata().num_rows()).context("its number of rows")?;
    let groups = metadata.row_groups().iter().map(|group| u64::try_from(group.num_rows()).ok());
    let total = groups.sum::<Option<u64>>().context("the number of rows of a row group")?;
    ensure!(claimed == total, "it claims {claimed} rows, its row groups {total}");
    ensure!(claimed <= length, "it claims {claimed} rows in {length} bytes");
    ensure!(u32::try_from(claimed).is_ok(), "{claimed} rows are too many for one file");
    Ok(usize::try_from(claimed)?)
}
