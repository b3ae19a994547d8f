//! From the lists of a folder to the images of a split.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_api::{few, tolerated};
use clip_lab_files::Root;

use super::{
    CaptionFolder,
    columns::Said,
    find::{Found, find_lists, find_pictures},
    format::Format,
    list::{List, Listed},
    opened::Opened,
    parquet::{self, Table},
};
use crate::Split;

/// What several lists hold together.
#[derive(Default)]
struct Whole {
    pictures: Vec<Listed>,
    tables: Vec<Table>,
    entries: usize,
    odd: Vec<String>,
    notes: Vec<String>,
}

impl CaptionFolder {
    /// Reads the lists and leaves what is of the split and can be used.
    ///
    /// # Errors
    /// When a list cannot be read, more of it is bad than `tolerate` allows, or nothing is left.
    pub(super) fn read(&self) -> Result<Opened> {
        let lists = self.lists()?;
        let mut whole = Whole::default();
        let broken = self.take_all(&lists, &mut whole)?;
        tolerated(self.tolerate, &whole.odd, whole.entries, "entries of the captions")?;
        let Whole { mut pictures, tables, odd, notes, .. } = whole;
        let mut skipped: Vec<String> = notes;
        if !broken.is_empty() {
            skipped.push(format!("lists left out: {} ({})", broken.len(), few(&broken, "; ")));
        }
        if !odd.is_empty() {
            skipped.push(format!("entries left out: {} ({})", odd.len(), few(&odd, "; ")));
        }
        pictures.retain(|picture| self.split.holds(self.part(picture)));
        let named =
            || few(&lists.iter().map(|list| list.path.display().to_string()).collect::<Vec<_>>(), ", ");
        ensure!(!pictures.is_empty(), "no picture of {} is in split `{}`", named(), self.split.name());
        let mut opened = Opened::new(self, self.bounds(&lists)?, pictures, tables, skipped)?;
        opened.drop_missing()?;
        opened.drop_empty()?;
        ensure!(!opened.pictures.is_empty(), "nothing of {} is left: {}", named(), opened.skipped.join("; "));
        Ok(opened)
    }

    /// The lists that may hold images of the split. A single one is read whatever its name says, for its rows may
    /// say another.
    fn lists(&self) -> Result<Vec<Found>> {
        let all = find_lists(&self.root, self.file.as_deref())?;
        let wanted: Vec<Found> = all
            .iter()
            .filter(|list| list.split.is_none_or(|split| self.split.holds(split)))
            .cloned()
            .collect();
        match (wanted.as_slice(), all.as_slice()) {
            ([], [_]) => Ok(all),
            ([], several) => {
                let names: Vec<String> = several.iter().map(|list| list.path.display().to_string()).collect();
                bail!("no list is of split `{}`; there are {}", self.split.name(), few(&names, ", "))
            }
            _ => Ok(wanted),
        }
    }

    /// Where the paths of the lists begin. Lists in folders of their own speak of the images beside them.
    fn folder(&self, lists: &[Found]) -> Result<PathBuf> {
        match (&self.images, lists.iter().all(|list| list.beside.is_some())) {
            (None, true) => Ok(self.root.clone()),
            (said, _) => find_pictures(&self.root, said.as_deref()),
        }
    }

    /// The folder that paths of the lists must not leave, and where they begin. A folder that the user names is one;
    /// one that is found, or a file that is named by the data set, has to lie below the root.
    fn bounds(&self, lists: &[Found]) -> Result<Root> {
        let (root, folder) = (self.bounds_of(&self.root)?, self.folder(lists)?);
        match root.at(below(&self.root, &folder)?.as_ref()) {
            Err(_) if self.images.is_some() => self.bounds_of(&folder),
            bounds => bounds.context("the folder of pictures; `allow_outside = true` allows it"),
        }
    }

    fn bounds_of(&self, folder: &Path) -> Result<Root> {
        let root =
            Root::new(folder).with_context(|| format!("folder {} cannot be read", folder.display()))?;
        Ok(root.allow_outside(self.allow_outside))
    }

    /// Refuses a list that a link takes out of the folder in which it was found.
    fn hold(&self, list: &Found) -> Result<()> {
        let said = self.file.as_ref().map(|file| self.root.join(file));
        if said.as_ref() == Some(&list.path) {
            return Ok(());
        }
        let folder = said.unwrap_or_else(|| self.root.clone());
        let held = self.bounds_of(&folder)?.below(below(&folder, &list.path)?.as_ref());
        held.map(drop).context("`allow_outside = true` allows it")
    }

    /// Takes in every list; what is said of those that cannot be read, such as a Parquet file that was cut short.
    fn take_all(&self, lists: &[Found], whole: &mut Whole) -> Result<Vec<String>> {
        let mut broken = Vec::new();
        for list in lists {
            let taken = self.take(list, whole);
            match taken.with_context(|| format!("captions {} cannot be used", list.path.display())) {
                Err(error) if lists.len() > 1 => broken.push(format!("{error:#}")),
                taken => taken?,
            }
        }
        // How many rows they had nobody knows, so lists are counted.
        tolerated(self.tolerate, &broken, lists.len(), "lists of captions")?;
        Ok(broken)
    }

    fn take(&self, found: &Found, whole: &mut Whole) -> Result<()> {
        self.hold(found)?;
        let said = Said { image: self.image_column.as_deref(), caption: self.caption_column.as_deref() };
        let format = self.format.map_or_else(|| Format::of(&found.path), |format| Ok(Some(format)))?;
        let (format, mut list) = match format {
            Some(Format::Parquet) => {
                let (table, list) = parquet::read(&found.path, whole.tables.len() as u32, said)?;
                whole.tables.extend(table);
                (Format::Parquet, list)
            }
            text => Format::read(&found.path, text, said)?,
        };
        let before = self.before(found, format)?;
        for picture in &mut list.pictures {
            if picture.row.is_none() && !before.is_empty() {
                picture.file = format!("{before}/{}", picture.file);
            }
            picture.split = picture.split.or(found.split);
        }
        let name = found.path.strip_prefix(&self.root).unwrap_or(&found.path).display().to_string();
        let List { pictures, entries, odd, notes, .. } = list;
        whole.pictures.extend(pictures);
        whole.entries += entries;
        whole.odd.extend(odd.into_iter().map(|message| format!("{name} {message}")));
        whole.notes.extend(notes.into_iter().map(|message| format!("{name} {message}")));
        Ok(())
    }

    /// The folders between that of all images and those of a list: the list's own, or for `captions_train2017.json`
    /// `train2017`, if that is there.
    fn before(&self, found: &Found, format: Format) -> Result<String> {
        if let (None, Some(beside)) = (&self.images, &found.beside) {
            return Ok(beside.clone());
        }
        let stem = found.path.file_stem().unwrap_or_default().to_string_lossy();
        match stem.strip_prefix("captions_").filter(|_| format == Format::Coco) {
            Some(set) if is_folder(&find_pictures(&self.root, self.images.as_deref())?, set) => {
                Ok(set.to_owned())
            }
            _ => Ok(String::new()),
        }
    }

    fn part(&self, picture: &Listed) -> Split {
        picture.split.unwrap_or_else(|| Split::of(&picture.file, self.val_fraction, self.test_fraction))
    }
}

/// A path from `folder` on, if it begins with it; else from the root of the file system on.
fn below<'a>(folder: &Path, path: &'a Path) -> Result<Cow<'a, Path>> {
    Ok(match path.strip_prefix(folder) {
        Ok(rest) => Cow::Borrowed(rest),
        Err(_) => Cow::Owned(std::path::absolute(path)?),
    })
}

fn is_folder(root: &Path, name: &str) -> bool {
    root.join(name).is_dir()
}
