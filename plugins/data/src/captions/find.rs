//! Finds the lists and the images in a data set's folder.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs::{self, FileType},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::Root;

use crate::Split;

/// Depth of the search for lists: `annotations`, `data`, `data/train`.
const DEPTH: usize = 2;

/// A file that lists captions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFile {
    /// Its path.
    pub path: PathBuf,
    /// The split in its name.
    pub split: Option<Split>,
    /// The folder of its images relative to `root`, if fixed: for `metadata.*` its own folder.
    pub image_folder: Option<String>,
}

/// The lists of captions: `given`, or those found in the folder, sorted by name.
///
/// # Errors
/// If there is none, or the choice is ambiguous.
pub fn find_lists(root: &Path, given: Option<&Path>) -> Result<Vec<ListFile>> {
    let start = given.map_or_else(|| root.to_owned(), |path| root.join(path));
    let found = |path: &Path| {
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        let folder = Path::new(&name).parent().unwrap_or(Path::new("")).to_string_lossy().into_owned();
        let image_folder = is_metadata(&file_name(&name)).then_some(folder);
        ListFile { path: path.to_owned(), split: Split::in_path(&name), image_folder }
    };
    if start.is_file() {
        return Ok(vec![found(&start)]);
    }
    ensure!(given.is_none() || start.is_dir(), "there is no list of captions at {}", start.display());
    let files = files(&start)?;
    for (pattern, multiplicity) in KINDS {
        let fits: Vec<&String> = files.iter().filter(|file| pattern(file)).collect();
        match (fits.as_slice(), multiplicity) {
            ([], _) => {}
            (several @ [_, _, ..], Multiplicity::One) => bail!(
                "{} contains several lists ({}); choose one with `file`",
                start.display(),
                several.iter().map(|file| file.as_str()).collect::<Vec<_>>().join(", ")
            ),
            (fits, Multiplicity::First) => return Ok(vec![found(&start.join(fits[0]))]),
            (fits, multiplicity) => {
                let found: Vec<ListFile> = fits.iter().map(|file| found(&start.join(file))).collect();
                if multiplicity == Multiplicity::PerSplit {
                    check_one_per_split(&found)?;
                }
                return Ok(found);
            }
        }
    }
    bail!(
        "{} contains no list of captions (dataset_*.json, captions.txt, captions.csv, results.csv, captions_*.json, \
         metadata.jsonl, metadata.csv, *.parquet, train.csv); name it with `file`",
        start.display()
    )
}

/// How many lists of a kind are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Multiplicity {
    /// One.
    One,
    /// The first one is used.
    First,
    /// One per split.
    PerSplit,
    /// Any number.
    Any,
}

/// Whether a path is of a kind, and how many of that kind are allowed.
type Kind = (fn(&str) -> bool, Multiplicity);

/// The kinds of lists by path; the first kind that exists is used. Karpathy's comes first since it carries the
/// published splits.
const KINDS: [Kind; 6] = [
    (|path| has_affixes(path, "dataset_", ".json") && depth(path) == 0, Multiplicity::One),
    (
        |path| matches!(path, "captions.txt" | "captions.csv" | "captions.tsv" | "results.csv"),
        Multiplicity::First,
    ),
    (|path| has_affixes(&file_name(path), "captions_", ".json") && depth(path) <= 1, Multiplicity::PerSplit),
    (|path| is_metadata(&file_name(path)), Multiplicity::Any),
    (|path| path.ends_with(".parquet"), Multiplicity::Any),
    (
        |path| {
            let table = [".csv", ".tsv", ".jsonl"].iter().any(|ending| path.ends_with(ending));
            table && Split::in_path(path).is_some()
        },
        Multiplicity::Any,
    ),
];

fn has_affixes(path: &str, start: &str, end: &str) -> bool {
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

/// Rejects two lists of one split: COCO has lists for several years.
fn check_one_per_split(found: &[ListFile]) -> Result<()> {
    for (place, list) in found.iter().enumerate() {
        if let Some(other) = found[..place].iter().find(|other| other.split == list.split) {
            bail!(
                "{} and {} are of the same split; choose one with `file`",
                other.path.display(),
                list.path.display()
            );
        }
    }
    Ok(())
}

/// Files below a folder, with `/` between folders, by depth and then alphabetically.
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
            // A list may be a link, such as into the hub's cache.
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

/// The folder of images: `given`, or the usual one that exists.
pub fn find_images(root: &Path, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        let folder = root.join(path);
        ensure!(folder.is_dir(), "there is no folder of images at {}", folder.display());
        return Ok(folder);
    }
    let usual = ["Images", "images", "flickr30k_images"].map(|name| root.join(name));
    Ok(usual.into_iter().find(|folder| folder.is_dir()).unwrap_or_else(|| root.to_owned()))
}

/// The entries of a folder, by name.
fn entries(folder: &Path) -> Result<HashMap<OsString, FileType>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("folder {} cannot be read", folder.display()))?;
    let kinds =
        entries.filter_map(Result::ok).map(|entry| Some((entry.file_name(), entry.file_type().ok()?)));
    Ok(kinds.flatten().collect())
}

/// Status of a file that a list names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileStatus {
    /// It can be read.
    Readable,
    /// It does not exist.
    Missing,
    /// It is outside of the data set's folder.
    Outside,
    /// It is not a regular file.
    Special,
}

/// Checks whether files can be read, with one listing per folder: checking thousands of files one by one takes minutes
/// on a network disk. Only links are followed one by one.
pub struct DirListings<'a> {
    root: &'a Root,
    listed: HashMap<PathBuf, Result<HashMap<OsString, FileType>, FileStatus>>,
}

impl<'a> DirListings<'a> {
    /// With no folder listed yet.
    pub fn new(root: &'a Root) -> Self {
        Self { root, listed: HashMap::new() }
    }

    /// The status of `file`, a path relative to the root.
    pub fn status(&mut self, file: &str) -> FileStatus {
        let root = self.root;
        let path = root.path().join(file);
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            // A path that ends in `..` or is a root is a folder.
            return if root.below(Path::new(file)).is_ok() {
                FileStatus::Special
            } else {
                FileStatus::Outside
            };
        };
        if !self.listed.contains_key(folder) {
            // Relative to the root, which may itself be a relative path.
            let parent = Path::new(file).parent().unwrap_or(Path::new(""));
            self.listed.insert(folder.to_owned(), list(root, parent, folder));
        }
        let kind = match self.listed.get(folder) {
            Some(Ok(entries)) => entries.get(name),
            Some(Err(status)) => return *status,
            None => None,
        };
        match kind {
            None => FileStatus::Missing,
            Some(kind) if kind.is_file() => FileStatus::Readable,
            Some(kind) if kind.is_symlink() => link_status(root, Path::new(file)),
            Some(_) => FileStatus::Special,
        }
    }
}

fn list(root: &Root, relative: &Path, folder: &Path) -> Result<HashMap<OsString, FileType>, FileStatus> {
    root.below(relative).map_err(|error| status(&error))?;
    entries(folder).map_err(|_| FileStatus::Missing)
}

fn link_status(root: &Root, relative: &Path) -> FileStatus {
    match root.below(relative).and_then(fs::metadata) {
        Ok(about) if about.is_file() => FileStatus::Readable,
        Ok(_) => FileStatus::Special,
        Err(error) => status(&error),
    }
}

fn status(error: &std::io::Error) -> FileStatus {
    if Root::is_outside(error) { FileStatus::Outside } else { FileStatus::Missing }
}
