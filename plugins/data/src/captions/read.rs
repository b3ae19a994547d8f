//! Reads the lists of a folder and selects the images of a split.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::Root;
use clip_lab_plugin_api::{few, tolerated};

use super::{
    CaptionFolder,
    columns::ColumnOverrides,
    dataset::CaptionDataset,
    find::{ListFile, find_images, find_lists},
    format::Format,
    list::{List, Listed},
    parquet::{self, Table},
};
use crate::Split;

/// The content of all lists.
#[derive(Default)]
struct Whole {
    images: Vec<Listed>,
    tables: Vec<Table>,
    entries: usize,
    rejected: Vec<String>,
    notes: Vec<String>,
}

impl CaptionFolder {
    /// Reads the lists and keeps the usable images of the split.
    ///
    /// # Errors
    /// If a list cannot be read, more is unusable than `tolerate` allows, or nothing is left.
    pub(super) fn read(&self) -> Result<CaptionDataset> {
        let lists = self.lists()?;
        let mut whole = Whole::default();
        let unreadable = self.read_all(&lists, &mut whole)?;
        tolerated(self.tolerate, &whole.rejected, whole.entries, "entries of the captions")?;
        let Whole { mut images, tables, rejected, notes, .. } = whole;
        let mut skipped: Vec<String> = notes;
        if !unreadable.is_empty() {
            skipped.push(format!("lists skipped: {} ({})", unreadable.len(), few(&unreadable, "; ")));
        }
        if !rejected.is_empty() {
            skipped.push(format!("entries skipped: {} ({})", rejected.len(), few(&rejected, "; ")));
        }
        images.retain(|image| self.split.holds(self.split_of(image)));
        let named =
            || few(&lists.iter().map(|list| list.path.display().to_string()).collect::<Vec<_>>(), ", ");
        ensure!(!images.is_empty(), "no image of {} is in split `{}`", named(), self.split.name());
        let mut opened = CaptionDataset::new(self, self.bounds(&lists)?, images, tables, skipped)?;
        opened.drop_missing()?;
        opened.drop_empty()?;
        ensure!(!opened.images.is_empty(), "nothing of {} is left: {}", named(), opened.skipped.join("; "));
        Ok(opened)
    }

    /// The lists that may contain images of the split. A single list is read whatever its name, since its rows may name
    /// other splits.
    fn lists(&self) -> Result<Vec<ListFile>> {
        let all = find_lists(&self.root, self.file.as_deref())?;
        let matching: Vec<ListFile> = all
            .iter()
            .filter(|list| list.split.is_none_or(|split| self.split.holds(split)))
            .cloned()
            .collect();
        match (matching.as_slice(), all.as_slice()) {
            ([], [_]) => Ok(all),
            ([], several) => {
                let names: Vec<String> = several.iter().map(|list| list.path.display().to_string()).collect();
                bail!("no list is of split `{}`; the lists are {}", self.split.name(), few(&names, ", "))
            }
            _ => Ok(matching),
        }
    }

    /// The folder that paths in the lists are relative to. Lists with a folder of their own refer to the images beside
    /// them.
    fn folder(&self, lists: &[ListFile]) -> Result<PathBuf> {
        match (&self.images, lists.iter().all(|list| list.image_folder.is_some())) {
            (None, true) => Ok(self.root.clone()),
            (images, _) => find_images(&self.root, images.as_deref()),
        }
    }

    /// The folder that paths in the lists are relative to and must not leave. A folder set by the user is trusted; one
    /// that is found, or named by the data set, must be below the root.
    fn bounds(&self, lists: &[ListFile]) -> Result<Root> {
        let (root, folder) = (self.bounds_of(&self.root)?, self.folder(lists)?);
        match root.at(below(&self.root, &folder)?.as_ref()) {
            Err(_) if self.images.is_some() => self.bounds_of(&folder),
            bounds => bounds.context("the folder of images; set `allow_outside = true` to allow it"),
        }
    }

    fn bounds_of(&self, folder: &Path) -> Result<Root> {
        let root =
            Root::new(folder).with_context(|| format!("folder {} cannot be read", folder.display()))?;
        Ok(root.allow_outside(self.allow_outside))
    }

    /// Rejects a list that a link places outside of the folder in which it was found.
    fn check_inside(&self, list: &ListFile) -> Result<()> {
        let given = self.file.as_ref().map(|file| self.root.join(file));
        if given.as_ref() == Some(&list.path) {
            return Ok(());
        }
        let folder = given.unwrap_or_else(|| self.root.clone());
        let held = self.bounds_of(&folder)?.below(below(&folder, &list.path)?.as_ref());
        held.map(drop).context("set `allow_outside = true` to allow it")
    }

    /// Reads every list; returns the errors of lists that cannot be read, such as a truncated Parquet file.
    fn read_all(&self, lists: &[ListFile], whole: &mut Whole) -> Result<Vec<String>> {
        let mut unreadable = Vec::new();
        for list in lists {
            let result = self.read_list(list, whole);
            match result.with_context(|| format!("captions {} cannot be used", list.path.display())) {
                Err(error) if lists.len() > 1 => unreadable.push(format!("{error:#}")),
                result => result?,
            }
        }
        // Their number of rows is unknown, so lists are counted.
        tolerated(self.tolerate, &unreadable, lists.len(), "lists of captions")?;
        Ok(unreadable)
    }

    fn read_list(&self, found: &ListFile, whole: &mut Whole) -> Result<()> {
        self.check_inside(found)?;
        let overrides =
            ColumnOverrides { image: self.image_column.as_deref(), caption: self.caption_column.as_deref() };
        let format = self.format.map_or_else(|| Format::of(&found.path), |format| Ok(Some(format)))?;
        let (format, mut list) = match format {
            Some(Format::Parquet) => {
                let (table, list) = parquet::read(&found.path, whole.tables.len() as u32, overrides)?;
                whole.tables.extend(table);
                (Format::Parquet, list)
            }
            text => Format::read(&found.path, text, overrides)?,
        };
        let path_prefix = self.path_prefix(found, format)?;
        for image in &mut list.images {
            if image.row.is_none() && !path_prefix.is_empty() {
                image.file = format!("{path_prefix}/{}", image.file);
            }
            image.split = image.split.or(found.split);
        }
        let name = found.path.strip_prefix(&self.root).unwrap_or(&found.path).display().to_string();
        let List { images, entries, rejected, notes, .. } = list;
        whole.images.extend(images);
        whole.entries += entries;
        whole.rejected.extend(rejected.into_iter().map(|message| format!("{name} {message}")));
        whole.notes.extend(notes.into_iter().map(|message| format!("{name} {message}")));
        Ok(())
    }

    /// The folders between the images' folder and a list's paths: the list's own folder, or for
    /// `captions_train2017.json` `train2017`, if it exists.
    fn path_prefix(&self, found: &ListFile, format: Format) -> Result<String> {
        if let (None, Some(image_folder)) = (&self.images, &found.image_folder) {
            return Ok(image_folder.clone());
        }
        let stem = found.path.file_stem().unwrap_or_default().to_string_lossy();
        match stem.strip_prefix("captions_").filter(|_| format == Format::Coco) {
            Some(set) if is_folder(&find_images(&self.root, self.images.as_deref())?, set) => {
                Ok(set.to_owned())
            }
            _ => Ok(String::new()),
        }
    }

    fn split_of(&self, image: &Listed) -> Split {
        image.split.unwrap_or_else(|| Split::of(&image.file, self.val_fraction, self.test_fraction))
    }
}

/// A path relative to `folder` if it starts with it, else absolute.
fn below<'a>(folder: &Path, path: &'a Path) -> Result<Cow<'a, Path>> {
    Ok(match path.strip_prefix(folder) {
        Ok(rest) => Cow::Borrowed(rest),
        Err(_) => Cow::Owned(std::path::absolute(path)?),
    })
}

fn is_folder(root: &Path, name: &str) -> bool {
    root.join(name).is_dir()
}
