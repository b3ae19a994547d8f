//! Captions in Parquet files with embedded images, as written by Hugging Face's `datasets`: a column `image` of `bytes`
//! and `path`, and columns of captions; <https://huggingface.co/docs/datasets/image_dataset>.

mod checked;
mod file;
mod footer;
mod page_cache;
mod pages;
mod shape;
mod shared_file;
mod table;
mod texts;
mod thrift;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use parquet::file::metadata::ParquetMetaData;

pub use self::{page_cache::PageCache, table::Table};
use super::{
    columns::{ColumnOverrides, Columns},
    list::{List, Listed, Row, split, trimmed},
};
use crate::Split;
use file::Reader;
use texts::Texts;

/// Reads the captions and the locations of the images, but no image. `number` is the index of the table in the data
/// set. Returns no table if a column names image files.
///
/// # Errors
/// If the file is not Parquet, is truncated, or lacks a column.
pub fn read(path: &Path, number: u32, overrides: ColumnOverrides<'_>) -> Result<(Option<Table>, List)> {
    catch_panic(|| read_unguarded(path, number, overrides))
}

/// Turns a panic of the library, which corrupt files can cause, into an error.
fn catch_panic<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| bail!("its data is corrupt: the Parquet reader panicked"))
}

fn read_unguarded(path: &Path, number: u32, overrides: ColumnOverrides<'_>) -> Result<(Option<Table>, List)> {
    let reader = Reader::open(path)?;
    let about = reader.metadata();
    let header = header(about);
    let names: Vec<&str> = header.iter().map(|(name, _)| name.as_str()).collect();
    let column = |place: usize| header[place].1;
    let mut texts = Texts::new(&reader);
    let captions = Columns::captions(&names, overrides)?;
    let captions = captions.into_iter().map(|place| texts.read(column(place)));
    let captions = captions.collect::<Result<Vec<_>>>()?;
    let mut strings =
        |name: &str| names.iter().position(|known| *known == name).map(|place| texts.read(column(place)));
    let splits = strings("split").transpose()?;
    let rows = reader.rows();
    let of_row = |row: usize| {
        let captions = captions.iter().flat_map(|column| column[row].iter().cloned()).map(trimmed).collect();
        let split =
            splits.as_ref().and_then(|splits| splits[row].first()).map(|name| split(name)).transpose();
        split.map(|split| (split, captions))
    };
    let bytes = bytes(about, overrides)?;
    let Some(bytes) = bytes else {
        let files = texts.read(column(Columns::image(&names, overrides)?))?;
        return Ok((None, files_of(&files, of_row)));
    };
    let image = about.file_metadata().schema_descr().column(bytes).path().parts()[0].clone();
    let paths = strings(&format!("{image}.path")).transpose()?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let name = |row: usize| {
        let path = paths.as_ref().and_then(|paths| paths[row].first()).filter(|path| !path.is_empty());
        path.cloned().unwrap_or_else(|| format!("{file}/{row}"))
    };
    let list = rows_of(number, rows, of_row, name);
    drop(paths);
    Ok((Some(Table::new(path, reader, bytes)), list))
}

type Of = (Option<Split>, Vec<String>);

/// Every row is an image.
fn rows_of(
    table: u32,
    rows: usize,
    of_row: impl Fn(usize) -> Result<Of>,
    name: impl Fn(usize) -> String,
) -> List {
    let mut list = List::default();
    list.entries = rows;
    for row in 0..rows {
        match of_row(row) {
            Ok((split, captions)) => {
                let place = Row { table, row: row as u32 };
                list.images.push(Listed { file: name(row), split, captions, row: Some(place) });
            }
            Err(error) => list.rejected.push(format!("row {row}: {error:#}")),
        }
    }
    list
}

/// Rows name image files.
fn files_of(files: &[Vec<String>], of_row: impl Fn(usize) -> Result<Of>) -> List {
    let mut list = List::default();
    for (row, file) in files.iter().enumerate() {
        let file = file.first().filter(|file| !file.is_empty()).context("it names no image");
        let entry =
            file.and_then(|file| of_row(row).map(|(split, captions)| (file.clone(), split, captions)));
        list.entry(|| format!("row {row}"), entry);
    }
    list
}

/// Text columns: display name and leaf index in the schema. `caption` stands for `caption.list.element`.
fn header(about: &ParquetMetaData) -> Vec<(String, usize)> {
    let columns = about.file_metadata().schema_descr().columns().iter().enumerate();
    let name = |parts: &[String]| match parts {
        [name, list, _] if list == "list" || list == "bag" => name.clone(),
        parts => parts.join("."),
    };
    let texts = columns.filter(|(_, column)| column.physical_type() == parquet::basic::Type::BYTE_ARRAY);
    texts.map(|(number, column)| (name(column.path().parts()), number)).collect()
}

/// The leaf with the bytes of the images; none if images are files. It is `NAME.bytes`, or a plain column of bytes that
/// is not text.
fn bytes(about: &ParquetMetaData, overrides: ColumnOverrides<'_>) -> Result<Option<usize>> {
    let columns = about.file_metadata().schema_descr().columns();
    let matches_name = |name: &str| overrides.image.is_none_or(|column| column == name);
    let is_text = |place: usize| {
        let logical = columns[place].logical_type_ref().is_some();
        logical || columns[place].converted_type() != parquet::basic::ConvertedType::NONE
    };
    let found = (0..columns.len()).find(|&place| {
        let kind = columns[place].physical_type() == parquet::basic::Type::BYTE_ARRAY;
        kind && match columns[place].path().parts() {
            [name, leaf] => leaf == "bytes" && matches_name(name),
            [name] => {
                !is_text(place)
                    && if overrides.image.is_some() {
                        matches_name(name)
                    } else {
                        name == "image" || name == "jpg"
                    }
            }
            _ => false,
        }
    });
    let single = found.is_none_or(|place| columns[place].max_rep_level() == 0);
    ensure!(single, "column `{}` has several images per row", columns[found.unwrap_or(0)].path());
    Ok(found)
}

#[cfg(test)]
mod tests;
