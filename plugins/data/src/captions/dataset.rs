//! Images with captions, as a data set.

use std::{collections::BTreeMap, path::Path};

use clip_lab_files::Root;
use clip_lab_plugin_api::prelude::*;

use super::{
    CaptionFolder,
    find::{DirListings, FileStatus},
    list::Listed,
    parquet::{PageCache, Table},
};
use crate::stamps::stamps;

/// Reason for leaving out an image outside of the data set, with the remedy.
const OUTSIDE: &str = "listed but outside of the data set's folder, which requires `allow_outside = true`";

/// Images that exist, each with its captions.
pub struct CaptionDataset {
    /// The folder of the images, which paths must not leave.
    root: Root,
    /// In list order.
    pub images: Vec<Listed>,
    /// What was left out, one message each.
    pub skipped: Vec<String>,
    tables: Vec<Table>,
    page_cache: PageCache,
    buffer: Option<usize>,
    sampling: Option<Sampling>,
    tolerate: f64,
}

impl CaptionDataset {
    /// # Errors
    /// If `shuffle_buffer` is set and the images are files.
    pub fn new(
        settings: &CaptionFolder,
        root: Root,
        images: Vec<Listed>,
        tables: Vec<Table>,
        skipped: Vec<String>,
    ) -> Result<Self> {
        let buffer = settings.shuffle_buffer;
        let message = "shuffle_buffer applies to images in Parquet files only; remove it";
        ensure!(buffer.is_none() || !tables.is_empty(), message);
        let (tolerate, page_cache) = (settings.tolerate, PageCache::default());
        Ok(Self { root, images, skipped, tables, page_cache, buffer, sampling: None, tolerate })
    }

    /// Leaves out listed images that cannot be read: missing, outside of the data set, or not regular files.
    ///
    /// # Errors
    /// If they are more than `tolerate` allows.
    pub fn drop_missing(&mut self) -> Result<()> {
        let (mut listings, all) = (DirListings::new(&self.root), self.images.len());
        let mut unreadable = BTreeMap::<FileStatus, Vec<Listed>>::new();
        for image in std::mem::take(&mut self.images) {
            match if image.row.is_some() { FileStatus::Readable } else { listings.status(&image.file) } {
                FileStatus::Readable => self.images.push(image),
                status => unreadable.entry(status).or_default().push(image),
            }
        }
        let at = self.root.path().display().to_string();
        for (status, images) in unreadable {
            let why = match status {
                FileStatus::Outside => OUTSIDE.to_owned(),
                FileStatus::Special => "listed but not regular files".to_owned(),
                FileStatus::Missing | FileStatus::Readable => format!("listed but not in {at}"),
            };
            self.record_skipped(&images, all, &why)?;
        }
        Ok(())
    }

    /// Leaves out empty captions, and images without any other.
    ///
    /// # Errors
    /// If they are more than `tolerate` allows.
    pub fn drop_empty(&mut self) -> Result<()> {
        let (mut empty, mut all) = (Vec::new(), 0);
        for image in &mut self.images {
            let before = image.captions.len();
            all += before;
            image.captions.retain(|caption| !caption.is_empty());
            empty.extend((image.captions.len()..before).map(|_| format!("one of {}", image.file)));
        }
        tolerated(self.tolerate, &empty, all, "captions, which are empty,")?;
        if !empty.is_empty() {
            self.skipped.push(format!("empty captions skipped: {} ({})", empty.len(), few(&empty, ", ")));
        }
        let all = self.images.len();
        let bare: Vec<Listed> = self.images.extract_if(.., |image| image.captions.is_empty()).collect();
        self.record_skipped(&bare, all, "without a caption")?;
        self.sampling = self.buffer.map(|buffer| self.chunked(buffer));
        Ok(())
    }

    fn record_skipped(&mut self, skipped: &[Listed], all: usize, why: &str) -> Result<()> {
        let names: Vec<String> = skipped.iter().map(|image| image.file.clone()).collect();
        tolerated(self.tolerate, &names, all, &format!("images, {why},"))?;
        if !names.is_empty() {
            self.skipped.push(format!("images {why}: {} ({})", names.len(), few(&names, ", ")));
        }
        Ok(())
    }

    /// Row group by row group, shuffled within the buffer.
    fn chunked(&self, buffer: usize) -> Sampling {
        let place = |image: &Listed| {
            let row = image.row?;
            Some((row.table, self.tables.get(row.table as usize)?.group(row.row)))
        };
        let places: Vec<_> = self.images.iter().map(place).collect();
        let ends = (1..=places.len()).filter(|end| places.get(*end) != Some(&places[end - 1]));
        let mut start = 0;
        let chunks = ends.map(|end| std::mem::replace(&mut start, end)..end).collect();
        let sources = vec![SourceShare { images: 0..places.len(), weight: 1.0 }];
        Sampling { sources, chunks, buffer: Some(buffer) }
    }

    fn listed(&self, index: usize) -> Result<&Listed> {
        self.images.get(index).with_context(|| format!("there is no image {index}"))
    }
}

impl Dataset for CaptionDataset {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn image(&self, index: usize) -> Result<Image> {
        let image = self.listed(index)?;
        match image.row {
            None => {
                let path = self.root.below(Path::new(&image.file));
                Image::read(&path.with_context(|| format!("image {}", image.file))?)
            }
            Some(row) => {
                let table = self.tables.get(row.table as usize).context("there is no such table")?;
                table.image(row, &self.page_cache).map(Image::Encoded)
            }
        }
    }

    fn captions(&self, index: usize) -> &[String] {
        self.images.get(index).map_or(&[], |image| &image.captions)
    }

    fn name(&self, index: usize) -> String {
        self.images.get(index).map_or_else(String::new, |image| image.file.clone())
    }

    /// Hashes names, sizes and modification times of the image files, not their contents (that would read the whole
    /// data set) and not the captions, on which image features do not depend. For images in Parquet files, hashes the
    /// same of the Parquet files, and the rows.
    fn fingerprint(&self) -> String {
        let files = self.images.iter().filter(|image| image.row.is_none());
        let files = stamps(self.root.path(), files.map(|image| image.file.as_str()));
        if self.tables.is_empty() {
            return format!("captions-{files}");
        }
        let tables = self.tables.iter().map(|table| table.path().to_string_lossy().into_owned());
        let tables = stamps("".as_ref(), tables.collect::<Vec<_>>().iter().map(String::as_str));
        let rows = self.images.iter().filter_map(|image| image.row);
        let rows = rows.fold(blake3::Hasher::new(), |mut hasher, row| {
            hasher.update(&row.table.to_le_bytes()).update(&row.row.to_le_bytes());
            hasher
        });
        format!("captions-{files}-{tables}-{}", rows.finalize().to_hex())
    }

    fn sampling(&self) -> Option<&Sampling> {
        self.sampling.as_ref()
    }

    fn skipped(&self) -> &[String] {
        &self.skipped
    }

    fn tolerate(&self) -> f64 {
        self.tolerate
    }
}
