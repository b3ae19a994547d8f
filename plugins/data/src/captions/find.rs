//! Where things lie in a data set's folder.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs::{self, FileType},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::Root;

use crate::Split;

/// Folders below the data set's that are looked through for lists: `annotations`, `data`, `data/train`.
const DEPTH: usize = 2;

/// A list of captions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// The part that its name says it is of.
    pub split: Option<Split>,
    /// The folder of its images, where it says one, from `root` on: that of `metadata.*` is its own.
    pub beside: Option<String>,
}

/// The lists of captions: `said`, or those that are there, in the order of their names.
///
/// # Errors
/// When there is none, or it is not clear which.
pub fn find_lists(root: &Path, said: Option<&Path>) -> Result<Vec<Found>> {
    let start = said.map_or_else(|| root.to_owned(), |said| root.join(said));
    let found = |path: &Path| {
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        let folder = Path::new(&name).parent().unwrap_or(Path::new("")).to_string_lossy().into_owned();
        let beside = is_metadata(&file_name(&name)).then_some(folder);
        Found { path: path.to_owned(), split: Split::in_path(&name), beside }
    };
    if start.is_file() {
        return Ok(vec![found(&start)]);
    }
    ensure!(said.is_none() || start.is_dir(), "there is no list of captions at {}", start.display());
    let files = files(&start)?;
    for (pattern, single) in KINDS {
        let fits: Vec<&String> = files.iter().filter(|file| pattern(file)).collect();
        match (fits.as_slice(), single) {
            ([], _) => {}
            (several @ [_, _, ..], Single::Yes) => bail!(
                "{} holds several lists ({}); say which with `file`",
                start.display(),
                several.iter().map(|file| file.as_str()).collect::<Vec<_>>().join(", ")
            ),
            (fits, Single::First) => return Ok(vec![found(&start.join(fits[0]))]),
            (fits, single) => {
                let found: Vec<Found> = fits.iter().map(|file| found(&start.join(file))).collect();
                if single == Single::EachSplit {
                    distinct(&found)?;
                }
                return Ok(found);
            }
        }
    }
    bail!(
        "{} holds no list of captions (dataset_*.json, captions.txt, captions.csv, results.csv, captions_*.json, \
         metadata.jsonl, metadata.csv, *.parquet, train.csv); name it with `file`",
        start.display()
    )
}

/// How many of a kind there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Single {
    /// One.
    Yes,
    /// The first is taken.
    First,
    /// One for each split.
    EachSplit,
    /// Any number.
    No,
}

/// Whether a path is of a kind, and how many of that kind there may be.
type Kind = (fn(&str) -> bool, Single);

/// The kinds of lists by their paths; where there are several kinds, the first wins. Karpathy's comes first since it
/// carries the published splits.
const KINDS: [Kind; 6] = [
    (|path| named(path, "dataset_", ".json") && depth(path) == 0, Single::Yes),
    (|path| matches!(path, "captions.txt" | "captions.csv" | "captions.tsv" | "results.csv"), Single::First),
    (|path| named(&file_name(path), "captions_", ".json") && depth(path) <= 1, Single::EachSplit),
    (|path| is_metadata(&file_name(path)), Single::No),
    (|path| path.ends_with(".parquet"), Single::No),
    (
        |path| {
            let table = [".csv", ".tsv", ".jsonl"].iter().any(|ending| path.ends_with(ending));
            table && Split::in_path(path).is_some()
        },
        Single::No,
    ),
];

fn named(path: &str, start: &str, end: &str) -> bool {
    path.starts_with(start) && path.ends_with(end)
}

fn is_metadata(name: &str) -> bool {
    matches!(name, "metadata.jsonl" | "metadata.csv" | "metadata.parquet")
}

fn depth(path: &str) -> usize {
    path.matches('/').count()
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Refuses two lists of one split: COCO has others for other years.
fn distinct(found: &[Found]) -> Result<()> {
    for (place, list) in found.iter().enumerate() {
        if let Some(other) = found[..place].iter().find(|other| other.split == list.split) {
            bail!(
                "{} and {} are of the same split; say which with `file`",
                other.path.display(),
                list.path.display()
            );
        }
    }
    Ok(())
}

/// Files below a folder with `/` between folders, in alphabetical order, the nearer ones first.
fn files(start: &Path) -> Result<Vec<String>> {
    let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        let path = start.join(folder.trim_end_matches('/'));
        let path = if folder.is_empty() { start.to_owned() } else { path };
        let entries =
            fs::read_dir(&path).with_context(|| format!("folder {} cannot be read", path.display()))?;
        for entry in entries.filter_map(Result::ok) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let name = folder.clone() + &name;
            // A list may be a link, into the cache of the hub above all.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    if depth(&name) < DEPTH {
                        folders.push(name + "/");
                    }
                }
                _ => files.push(name),
            }
        }
    }
    files.sort_unstable_by(|a, b| (depth(a), a).cmp(&(depth(b), b)));
    Ok(files)
}

/// The folder of images: `said`, or the one that is there.
pub fn find_pictures(root: &Path, said: Option<&Path>) -> Result<PathBuf> {
    if let Some(said) = said {
        let folder = root.join(said);
        ensure!(folder.is_dir(), "there is no folder of pictures at {}", folder.display());
        return Ok(folder);
    }
    let usual = ["Images", "images", "flickr30k_images"].map(|name| root.join(name));
    Ok(usual.into_iter().find(|folder| folder.is_dir()).unwrap_or_else(|| root.to_owned()))
}

/// What lies in a folder, by name.
fn entries(folder: &Path) -> Result<HashMap<OsString, FileType>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("folder {} cannot be read", folder.display()))?;
    let kinds =
        entries.filter_map(Result::ok).map(|entry| Some((entry.file_name(), entry.file_type().ok()?)));
    Ok(kinds.flatten().collect())
}

/// What became of a file that a list names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It can be read.
    There,
    /// It does not exist.
    Missing,
    /// It lies outside of the data set's folder.
    Outside,
    /// It is no regular file.
    Special,
}

/// Answers whether files can be read with one listing for each folder: thousands of single questions take minutes on a
/// network disk. Only links are followed one by one.
pub struct Folder<'a> {
    root: &'a Root,
    listed: HashMap<PathBuf, Result<HashMap<OsString, FileType>, Fate>>,
}

impl<'a> Folder<'a> {
    /// Nothing is listed yet.
    pub fn new(root: &'a Root) -> Self {
        Self { root, listed: HashMap::new() }
    }

    /// What becomes of `file`, a path from the root on.
    pub fn fate(&mut self, file: &str) -> Fate {
        let root = self.root;
        let path = root.path().join(file);
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            // It ends in `..` or is a root: a folder, wherever it lies.
            return if root.below(Path::new(file)).is_ok() { Fate::Special } else { Fate::Outside };
        };
        if !self.listed.contains_key(folder) {
            // The root is joined by itself: it may be a relative path.
            let named = Path::new(file).parent().unwrap_or(Path::new(""));
            self.listed.insert(folder.to_owned(), list(root, named, folder));
        }
        let kind = match self.listed.get(folder) {
            Some(Ok(entries)) => entries.get(name),
            Some(Err(fate)) => return *fate,
            None => None,
        };
        match kind {
            None => Fate::Missing,
            Some(kind) if kind.is_file() => Fate::There,
            Some(kind) if kind.is_symlink() => linked(root, Path::new(file)),
            Some(_) => Fate::Special,
        }
    }
}

fn list(root: &Root, named: &Path, folder: &Path) -> Result<HashMap<OsString, FileType>, Fate> {
    root.below(named).map_err(|error| fate(&error))?;
    entries(folder).map_err(|_| Fate::Missing)
}

fn linked(root: &Root, named: &Path) -> Fate {
    match root.below(named).and_then(fs::metadata) {
        Ok(about) if about.is_file() => Fate::There,
        Ok(_) => Fate::Special,
        Err(error) => fate(&error),
    }
}

fn fate(error: &std::io::Error) -> Fate {
    if Root::is_outside(error) { Fate::Outside } else { Fate::Missing }
}
