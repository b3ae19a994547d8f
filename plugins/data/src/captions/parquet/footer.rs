//! What the footer of a Parquet file claims: the library believes it, and reserves memory and stack for it.

use anyhow::{Context, Result, ensure};
use clip_lab_files::MIB;
use parquet::file::{
    metadata::ParquetMetaData,
    reader::{ChunkReader as _, Length as _},
};

use super::{
    file::Places,
    thrift::{Compact, LIST, STRUCT},
};

/// The longest footer that is read.
const MOST_FOOTER: u64 = 64 * MIB;
/// The most groups and columns of a schema.
const MOST_COLUMNS: usize = 10_000;
/// How deep groups of a schema may be nested; the library goes through them by recursion.
const MOST_DEPTH: usize = 64;
/// Length and mark at the end of a file.
const TAIL: u64 = 8;

/// Refuses a file whose footer claims what cannot be.
///
/// # Errors
/// When it does, or the file is too short to have one.
pub fn check(places: &Places) -> Result<()> {
    let end = places.len().checked_sub(TAIL).context("it has no footer")?;
    let tail = places.get_bytes(end, TAIL as usize)?;
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    ensure!(
        length <= MOST_FOOTER,
        "its footer claims {length} bytes, more than the {MOST_FOOTER} that are read"
    );
    let start = end.checked_sub(length).with_context(|| format!("its footer claims {length} bytes"))?;
    claims(&places.get_bytes(start, length as usize)?).context("its footer is broken")
}

fn claims(footer: &[u8]) -> Result<()> {
    Compact::new(footer).fields(&mut |reader, number, kind| {
        if number != 2 {
            return Ok(false);
        }
        ensure!(kind == LIST, "its schema is no list");
        schema(reader).map(|()| true)
    })
}

/// The tree of groups and columns, in which every group says how many of those after it are its own.
fn schema(reader: &mut Compact<'_>) -> Result<()> {
    let (kind, count) = reader.list()?;
    ensure!(kind == STRUCT, "its schema holds no groups and columns");
    ensure!(
        count <= MOST_COLUMNS,
        "its schema has {count} columns, more than the {MOST_COLUMNS} that are read"
    );
    let mut lacking = Vec::<usize>::new();
    for number in 1..=count {
        while lacking.last() == Some(&0) {
            lacking.pop();
        }
        if let Some(left) = lacking.last_mut() {
            *left -= 1;
        }
        let children = children(reader)?;
        let children = usize::try_from(children).ok().filter(|children| *children <= count - number);
        match children
            .with_context(|| format!("group {number} of its schema claims columns that it lacks"))?
        {
            0 => {}
            children => lacking.push(children),
        }
        ensure!(lacking.len() <= MOST_DEPTH, "its schema is nested more than {MOST_DEPTH} deep");
    }
    Ok(())
}

fn children(reader: &mut Compact<'_>) -> Result<i64> {
    let mut children = 0;
    reader.fields(&mut |reader, number, kind| {
        if number == 5 {
            children = reader.number(kind)?;
        }
        Ok(number == 5)
    })?;
    Ok(children)
}

/// How many rows there are. A file has at least a byte for every one, since each is an image of its own.
///
/// # Errors
/// When it claims others than its row groups do, or more than it can hold.
pub fn rows(about: &ParquetMetaData, length: u64) -> Result<usize> {
    let claimed = u64::try_from(about.file_metadata().num_rows()).context("its number of rows")?;
    let groups = about.row_groups().iter().map(|group| u64::try_from(group.num_rows()).ok());
    let total = groups.sum::<Option<u64>>().context("the number of rows of a row group")?;
    ensure!(claimed == total, "it claims {claimed} rows, and its row groups {total}");
    ensure!(claimed <= length, "it claims {claimed} rows in {length} bytes");
    ensure!(u32::try_from(claimed).is_ok(), "{claimed} rows are too many for one file");
    Ok(usize::try_from(claimed)?)
}
