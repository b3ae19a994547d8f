//! The images of a Parquet file, each by its row.

use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::{MIB, Room};
use parquet::data_type::ByteArray;

use super::{
    file::Reader,
    guarded,
    pages::{Head, grown},
    recent::{Key, Page, Recent},
};
use crate::captions::list::Row;

/// The largest image, as `clip_lab_picture::MOST_BYTES`.
const MOST_PICTURE: u64 = 256 * MIB;

/// A file whose column of images is read page by page. Which rows a page holds is read from the headers of the pages
/// when the first of a row group is wanted; no other page is read for it.
pub struct Table {
    path: PathBuf,
    reader: Reader,
    column: usize,
    /// The first row of every row group, and one more.
    groups: Vec<usize>,
    /// Of a row group, its pages.
    pages: Mutex<HashMap<usize, Arc<Pages>>>,
}

/// The pages of a row group that hold rows.
struct Pages {
    /// The first row of every page, and one more.
    starts: Vec<usize>,
    heads: Vec<Head>,
}

impl Table {
    /// `column` is the leaf with the bytes of the images.
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

    /// The bytes of an image.
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
        let page = pages.starts.partition_point(|first| *first <= row_in_group).saturating_sub(1);
        let (start, end) = match pages.starts[page..] {
            [start, end, ..] => (start, end),
            _ => bail!("no page of its row group holds it"),
        };
        let key = Key { table: row.table, group, page };
        let held = recent.page(key, || self.page(group, start..end, &pages.heads[page]))?;
        let bytes = held.get(row_in_group - start).context("its page is shorter than its header says")?;
        let bytes = bytes.as_ref().context("it holds no bytes: the picture is elsewhere, or missing")?.data();
        ensure!(bytes.len() as u64 <= MOST_PICTURE, "{} bytes are too many for a picture", bytes.len());
        Ok(bytes.to_vec())
    }

    /// Where the pages of a row group begin.
    fn pages(&self, group: usize) -> Result<Arc<Pages>> {
        let known = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&group).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let mut pages = Pages { starts: vec![0], heads: self.reader.pages(group, self.column)? };
        pages.heads.retain(|page| !page.is_dictionary);
        let end = self.groups.get(group + 1).context("there is no such row group")?;
        let rows = end - self.groups[group];
        for page in &pages.heads {
            let end = pages.starts[pages.starts.len() - 1] + page.rows.unwrap_or(page.values);
            ensure!(end <= rows, "the pages of its row group claim more than its {rows} rows");
            pages.starts.push(end);
        }
        let pages = Arc::new(pages);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(group, pages.clone());
        Ok(pages)
    }

    /// The images of a page.
    fn page(&self, group: usize, rows: Range<usize>, head: &Head) -> Result<Page> {
        let described = self.reader.metadata().file_metadata().schema_descr().column(self.column);
        let deepest = described.max_def_level();
        let _room = Room::take(head.bytes);
        let mut reader = self.reader.column(group, self.column)?;
        ensure!(reader.skip_records(rows.start)? == rows.start, "its row group ends early");
        let most = if head.shares { 1 } else { usize::MAX };
        let (mut page, mut bytes) = (Page::with_capacity(rows.len()), 0);
        while page.len() < rows.len() {
            let (mut defined, mut values) = (Vec::new(), Vec::<ByteArray>::new());
            let most = most.min(rows.len() - page.len());
            let (read, _, _) = reader.read_records(most, Some(&mut defined), None, &mut values)?;
            ensure!(read > 0, "its page ends early");
            bytes += values.iter().map(|value| value.len() as u64).sum::<u64>();
            ensure!(!head.shares || bytes <= grown(head.bytes), "its pictures are far larger than its page");
            let mut values = values.into_iter();
            let there = |row: usize| deepest == 0 || defined[row] == deepest;
            for row in 0..read {
                page.push(there(row).then(|| values.next().context("a value is missing")).transpose()?);
            }
        }
        Ok(page)
    }
}
