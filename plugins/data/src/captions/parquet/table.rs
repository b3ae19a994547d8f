//! The pictures of a Parquet file, each by its row.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail, ensure};
use parquet::{
    column::reader::{ColumnReader, get_typed_column_reader},
    data_type::{ByteArray, ByteArrayType},
    file::reader::FileReader as _,
};

use super::{
    file::Reader,
    guarded,
    recent::{Key, Page, Recent},
};
use crate::captions::list::Row;

/// A file whose column of pictures is read page by page. Which rows a page holds is read from the headers of the pages
/// when the first of a row group is wanted; no other page is read for it.
pub struct Table {
    path: PathBuf,
    reader: Reader,
    column: usize,
    /// The first row of every row group, and one more.
    groups: Vec<usize>,
    /// Of a row group, the first row of every page, and one more.
    pages: Mutex<HashMap<usize, Arc<Vec<usize>>>>,
}

impl Table {
    /// `column` is the leaf with the bytes of the pictures.
    pub fn new(path: &Path, reader: Reader, column: usize) -> Self {
        let sizes =
            reader.metadata().row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or(0));
        let groups = std::iter::once(0).chain(sizes.scan(0, |end, size| {
            *end += size;
            Some(*end)
        }));
        let groups = groups.collect();
        Self { path: path.to_owned(), reader, column, groups, pages: Mutex::default() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The row group that holds a row.
    pub fn group(&self, row: u32) -> usize {
        self.groups.partition_point(|first| *first <= row as usize).saturating_sub(1)
    }

    /// The bytes of a picture.
    ///
    /// # Errors
    /// When the row has none, or its page cannot be read; the message names file and row.
    pub fn picture(&self, row: Row, recent: &Recent) -> Result<Vec<u8>> {
        let found = guarded(|| self.find(row, recent));
        found.with_context(|| format!("row {} of {} cannot be read", row.row, self.path.display()))
    }

    fn find(&self, row: Row, recent: &Recent) -> Result<Vec<u8>> {
        let group = self.group(row.row);
        let row_in_group = row.row as usize - self.groups[group];
        let pages = self.pages(group)?;
        let page = pages.partition_point(|first| *first <= row_in_group).saturating_sub(1);
        let (start, end) = match pages[page..] {
            [start, end, ..] => (start, end),
            _ => bail!("no page of its row group holds it"),
        };
        let key = Key { table: row.table, group, page };
        let held = recent.page(key, || self.page(group, start, end - start))?;
        let bytes = held.get(row_in_group - start).context("its page is shorter than its header says")?;
        Ok(bytes.as_ref().context("it holds no bytes: the picture is elsewhere, or missing")?.data().to_vec())
    }

    /// Where the pages of a row group begin.
    fn pages(&self, group: usize) -> Result<Arc<Vec<usize>>> {
        let known = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&group).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let mut pages = self.reader.get_row_group(group)?.get_column_page_reader(self.column)?;
        let mut starts = vec![0];
        while let Some(page) = pages.peek_next_page()? {
            if !page.is_dict {
                let rows =
                    page.num_rows.or(page.num_levels).context("a page does not say how many rows it has")?;
                starts.push(starts[starts.len() - 1] + rows);
            }
            pages.skip_next_page()?;
        }
        let starts = Arc::new(starts);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(group, starts.clone());
        Ok(starts)
    }

    /// The pictures of a page.
    fn page(&self, group: usize, start: usize, rows: usize) -> Result<Page> {
        let group = self.reader.get_row_group(group)?;
        let deepest = group.metadata().schema_descr().column(self.column).max_def_level();
        let ColumnReader::ByteArrayColumnReader(reader) = group.get_column_reader(self.column)? else {
            bail!("its column holds no bytes")
        };
        let mut reader =
            get_typed_column_reader::<ByteArrayType>(ColumnReader::ByteArrayColumnReader(reader));
        ensure!(reader.skip_records(start)? == start, "its row group ends early");
        let (mut defined, mut values) = (Vec::new(), Vec::<ByteArray>::new());
        let (read, _, _) = reader.read_records(rows, Some(&mut defined), None, &mut values)?;
        ensure!(read == rows, "its page ends early");
        let mut values = values.into_iter();
        let there = |row: usize| deepest == 0 || defined[row] == deepest;
        (0..rows)
            .map(|row| there(row).then(|| values.next().context("a value is missing")).transpose())
            .collect()
    }
}
