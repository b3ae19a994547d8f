//! The data set once its lists are read.

use std::{collections::BTreeMap, path::Path};

use clip_lab_api::prelude::*;
use clip_lab_files::Root;

use super::{
    CaptionFolder,
    find::{Fate, Folder},
    list::Listed,
    parquet::{Recent, Table},
};
use crate::stamps::stamps;

/// Why an image outside of the data set is left out, and what to do about it.
const OUTSIDE: &str = "listed but outside of the data set's folder, which only `allow_outside = true` allows";

/// Images that are there, each with its captions.
pub struct Opened {
    /// Where the images lie, and what they must not leave.
    root: Root,
    /// In the order of the list.
    pub pictures: Vec<Listed>,
    /// What was left out, a sentence each.
    pub skipped: Vec<String>,
    tables: Vec<Table>,
    recent: Recent,
    buffer: Option<usize>,
    sampling: Option<Sampling>,
    tolerate: f64,
}

impl Opened {
    /// # Errors
    /// When there is a buffer, and no row group to go through.
    pub fn new(
        settings: &CaptionFolder,
        root: Root,
        pictures: Vec<Listed>,
        tables: Vec<Table>,
        skipped: Vec<String>,
    ) -> Result<Self> {
        let buffer = settings.shuffle_buffer;
        let message =
            "shuffle_buffer is for pictures in Parquet files; these are files of their own, so leave it out";
        ensure!(buffer.is_none() || !tables.is_empty(), message);
        let (tolerate, recent) = (settings.tolerate, Recent::default());
        Ok(Self { root, pictures, skipped, tables, recent, buffer, sampling: None, tolerate })
    }

    /// Leaves out images that are listed and cannot be read: they do not exist, lie outside of the data set, or are
    /// no regular files.
    ///
    /// # Errors
    /// When they are too many.
    pub fn drop_missing(&mut self) -> Result<()> {
        let (mut folder, all) = (Folder::new(&self.root), self.pictures.len());
        let mut gone = BTreeMap::<Fate, Vec<Listed>>::new();
        for picture in std::mem::take(&mut self.pictures) {
            match if picture.row.is_some() { Fate::There } else { folder.fate(&picture.file) } {
                Fate::There => self.pictures.push(picture),
                fate => gone.entry(fate).or_default().push(picture),
            }
        }
        let at = self.root.path().display().to_string();
        for (fate, pictures) in gone {
            let why = match fate {
                Fate::Outside => OUTSIDE.to_owned(),
                Fate::Special => "listed but no regular files".to_owned(),
                Fate::Missing | Fate::There => format!("listed but not in {at}"),
            };
            self.note(&pictures, all, &why)?;
        }
        Ok(())
    }

    /// Leaves out empty captions, and images that have no other.
    ///
    /// # Errors
    /// When they are too many.
    pub fn drop_empty(&mut self) -> Result<()> {
        let (mut empty, mut all) = (Vec::new(), 0);
        for picture in &mut self.pictures {
            let before = picture.captions.len();
            all += before;
            picture.captions.retain(|caption| !caption.is_empty());
            empty.extend((picture.captions.len()..before).map(|_| format!("one of {}", picture.file)));
        }
        tolerated(self.tolerate, &empty, all, "captions, which are empty,")?;
        if !empty.is_empty() {
            self.skipped.push(format!("empty captions left out: {} ({})", empty.len(), few(&empty, ", ")));
        }
        let all = self.pictures.len();
        let bare: Vec<Listed> = self.pictures.extract_if(.., |picture| picture.captions.is_empty()).collect();
        self.note(&bare, all, "without a caption")?;
        self.sampling = self.buffer.map(|buffer| self.chunked(buffer));
        Ok(())
    }

    fn note(&mut self, gone: &[Listed], all: usize, why: &str) -> Result<()> {
        let names: Vec<String> = gone.iter().map(|picture| picture.file.clone()).collect();
        tolerated(self.tolerate, &names, all, &format!("pictures, {why},"))?;
        if !names.is_empty() {
            self.skipped.push(format!("pictures {why}: {} ({})", names.len(), few(&names, ", ")));
        }
        Ok(())
    }

    /// Row group by row group, and within reach of the buffer at random.
    fn chunked(&self, buffer: usize) -> Sampling {
        let place = |picture: &Listed| {
            let row = picture.row?;
            Some((row.table, self.tables.get(row.table as usize)?.group(row.row)))
        };
        let places: Vec<_> = self.pictures.iter().map(place).collect();
        let ends = (1..=places.len()).filter(|end| places.get(*end) != Some(&places[end - 1]));
        let mut start = 0;
        let chunks = ends.map(|end| std::mem::replace(&mut start, end)..end).collect();
        let sources = vec![SourceShare { pictures: 0..places.len(), weight: 1.0 }];
        Sampling { sources, chunks, buffer: Some(buffer) }
    }

    fn listed(&self, index: usize) -> Result<&Listed> {
        self.pictures.get(index).with_context(|| format!("there is no picture {index}"))
    }
}

impl Dataset for Opened {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn picture(&self, index: usize) -> Result<Picture> {
        let picture = self.listed(index)?;
        match picture.row {
            None => {
                let path = self.root.below(Path::new(&picture.file));
                Picture::read(&path.with_context(|| format!("picture {}", picture.file))?)
            }
            Some(row) => {
                let table = self.tables.get(row.table as usize).context("there is no such table")?;
                table.picture(row, &self.recent).map(Picture::Encoded)
            }
        }
    }

    fn captions(&self, index: usize) -> &[String] {
        self.pictures.get(index).map_or(&[], |picture| &picture.captions)
    }

    fn name(&self, index: usize) -> String {
        self.pictures.get(index).map_or_else(String::new, |picture| picture.file.clone())
    }

    /// Over the names, sizes and times of change of the image files, not their contents (that would read the whole
    /// data set) and not the captions, which image features do not depend on. Of images in Parquet files, over
    /// those of the files, and the rows.
    fn fingerprint(&self) -> String {
        let files = self.pictures.iter().filter(|picture| picture.row.is_none());
        let files = stamps(self.root.path(), files.map(|picture| picture.file.as_str()));
        if self.tables.is_empty() {
            return format!("captions-{files}");
        }
        let tables = self.tables.iter().map(|table| table.path().to_string_lossy().into_owned());
        let tables = stamps("".as_ref(), tables.collect::<Vec<_>>().iter().map(String::as_str));
        let rows = self.pictures.iter().filter_map(|picture| picture.row);
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
