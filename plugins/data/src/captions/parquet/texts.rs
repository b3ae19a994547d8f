//! Columns of texts.

use anyhow::{Context, Result, bail, ensure};
use parquet::{
    column::reader::{ColumnReader, get_typed_column_reader},
    data_type::{ByteArray, ByteArrayType},
    file::reader::FileReader as _,
};

use super::file::Reader;

/// The texts of a column: of every row none where it is null, one, or those of its list. Bytes that are not UTF-8 are
/// taken for Latin-1, as in lists that are text.
///
/// # Errors
/// When it cannot be read, or holds no texts.
pub fn texts(reader: &Reader, column: usize) -> Result<Vec<Vec<String>>> {
    let path = reader.metadata().file_metadata().schema_descr().column(column).path().string();
    (0..reader.num_row_groups()).try_fold(Vec::new(), |mut all, group| {
        all.extend(
            of_group(reader, group, column)
                .with_context(|| format!("column `{path}` of row group {group}"))?,
        );
        Ok(all)
    })
}

fn of_group(reader: &Reader, group: usize, column: usize) -> Result<Vec<Vec<String>>> {
    let group = reader.get_row_group(group)?;
    let about = group.metadata();
    let (rows, described) = (usize::try_from(about.num_rows())?, about.schema_descr().column(column));
    let reader = match group.get_column_reader(column)? {
        reader @ ColumnReader::ByteArrayColumnReader(_) => reader,
        _ => bail!("it holds no texts"),
    };
    let mut reader = get_typed_column_reader::<ByteArrayType>(reader);
    let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::<ByteArray>::new());
    let (read, _, levels) =
        reader.read_records(rows, Some(&mut defined), Some(&mut repeated), &mut values)?;
    ensure!(read == rows, "{read} of {rows} rows are there");
    let (mut found, mut values) = (Vec::with_capacity(rows), values.into_iter());
    for level in 0..levels {
        if described.max_rep_level() == 0 || repeated[level] == 0 {
            found.push(Vec::new());
        }
        if described.max_def_level() == 0 || defined[level] == described.max_def_level() {
            let value = values.next().context("a value is missing")?;
            found.last_mut().context("it begins within a row")?.push(text(value.data()));
        }
    }
    Ok(found)
}

fn text(bytes: &[u8]) -> String {
    crate::captions::format::text(bytes).0.into_owned()
}
