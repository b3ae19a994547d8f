//! The images of a Parquet file, by row.

use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::{MIB, MemoryReservation};
use parquet::data_type::ByteArray;

use super::{
    catch_panic,
    file::Reader,
    page_cache::{Key, Page, PageCache},
    pages::{PageHeader, max_decompressed},
};
use crate::captions::list::Row;

/// Maximum size of an image, as `clip_lab_image_io::MAX_FILE_BYTES`.
const MAX_IMAGE: u64 = 256 * MIB;

/// A Parquet file whose image column is read page by page. The page headers of a row group, which state the rows of
/// each page, are read at its first access.
pub struct Table {
    path: PathBuf,
    reader: Reader,
    column: usize,
    /// The first row of every row group, then the number of rows.
    groups: Vec<usize>,
    /// The pages of each row group accessed so far.
    pages: Mutex<HashMap<usize, Arc<Pages>>>,
}

/// The pages of a row group that contain rows.
struct Pages {
    /// The first row of every page, then the number of rows.
    starts: Vec<usize>,
    headers: Vec<PageHeader>,
}

impl Table {
    /// `column` is the leaf with the image bytes.
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

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The row group of a row.
    pub fn group(&self, row: u32) -> usize {
        self.groups.partition_point(|first| *first <= row as usize).saturating_sub(1)
    }

    /// The bytes of an image.
    ///
    /// # Errors
    /// If the row has none, or its page cannot be read; the message names file and row.
    pub fn image(&self, row: Row, page_cache: &PageCache) -> Result<Vec<u8>> {
        let found = catch_panic(|| self.find(row, page_cache));
        found.with_context(|| format!("row {} of {} cannot be read", row.row, self.path.display()))
    }

    fn find(&self, row: Row, page_cache: &PageCache) -> Result<Vec<u8>> {
        let group = self.group(row.row);
        let row_in_group = row.row as usize - self.groups[group];
        let pages = self.pages(group)?;
        let page = pages.starts.partition_point(|first| *first <= row_in_group).saturating_sub(1);
        let (start, end) = match pages.starts[page..] {
            [start, end, ..] => (start, end),
            _ => bail!("no page of its row group contains it"),
        };
        let key = Key { table: row.table, group, page };
        let images = page_cache.page(key, || self.page(group, start..end, &pages.headers[page]))?;
        let bytes = images.get(row_in_group - start).context("its page is shorter than its header claims")?;
        let bytes = bytes.as_ref().context("it contains no bytes: the image is elsewhere or missing")?.data();
        ensure!(bytes.len() as u64 <= MAX_IMAGE, "{} bytes are too many for an image", bytes.len());
        Ok(bytes.to_vec())
    }

    /// The pages of a row group.
    fn pages(&self, group: usize) -> Result<Arc<Pages>> {
        let cached = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&group).cloned();
        if let Some(pages) = cached {
            return Ok(pages);
        }
        let mut pages = Pages { starts: vec![0], headers: self.reader.pages(group, self.column)? };
        pages.headers.retain(|page| !page.is_dictionary);
        let end = self.groups.get(group + 1).context("there is no such row group")?;
        let rows = end - self.groups[group];
        for page in &pages.headers {
            let end = pages.starts[pages.starts.len() - 1] + page.rows.unwrap_or(page.values);
            ensure!(end <= rows, "the pages of its row group claim more than its {rows} rows");
            pages.starts.push(end);
        }
        let pages = Arc::new(pages);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(group, pages.clone());
        Ok(pages)
    }

    /// Reads the images of a page.
    fn page(&self, group: usize, rows: Range<usize>, header: &PageHeader) -> Result<Page> {
        let descriptor = self.reader.metadata().file_metadata().schema_descr().column(self.column);
        let deepest = descriptor.max_def_level();
        let _memory = MemoryReservation::acquire(header.bytes);
        let mut reader = self.reader.column(group, self.column)?;
        ensure!(reader.skip_records(rows.start)? == rows.start, "its row group ends early");
        let most = if header.shares { 1 } else { usize::MAX };
        let (mut page, mut bytes) = (Page::with_capacity(rows.len()), 0);
        while page.len() < rows.len() {
            let (mut defined, mut values) = (Vec::new(), Vec::<ByteArray>::new());
            let most = most.min(rows.len() - page.len());
            let (read, _, _) = reader.read_records(most, Some(&mut defined), None, &mut values)?;
            ensure!(read > 0, "its page ends early");
            bytes += values.iter().map(|value| value.len() as u64).sum::<u64>();
            ensure!(
                !header.shares || bytes <= max_decompressed(header.bytes),
                "its images are far larger than its page"
            );
            let mut values = values.into_iter();
            let is_present = |row: usize| deepest == 0 || defined[row] == deepest;
            for row in 0..read {
                page.push(is_present(row).then(|| values.next().context("a value is missing")).transpose()?);
            }
        }
        Ok(page)
    }
}
