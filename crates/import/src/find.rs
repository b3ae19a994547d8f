//! Recognises what a path holds.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clip_lab_files::open_regular;

use crate::{ImportError, run::base_name, tensorboard, wandb};

/// How deep folders are searched.
const DEPTH: usize = 12;
/// How many files and folders are looked at.
const ENTRIES: usize = 200_000;

/// What is recognised, for errors.
const LOOKED_FOR: &str = "TensorBoard event files (*tfevents*), open_clip log folders (params.txt beside checkpoints/ or \
                          tensorboard/), W&B run folders (run-*.wandb) and CSV files; a CSV file must be named itself";

/// The tool that recorded a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// TensorBoard event files.
    TensorBoard,
    /// An open_clip log folder.
    OpenClip,
    /// A run of Weights & Biases.
    Wandb,
    /// A CSV file.
    Csv,
}

impl Kind {
    /// The name, such as `tensorboard`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::TensorBoard => "tensorboard",
            Kind::OpenClip => "open_clip",
            Kind::Wandb => "wandb",
            Kind::Csv => "csv",
        }
    }
}

/// A run, or a CSV file of several runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The tool.
    pub kind: Kind,
    /// The file, or the folder of an open_clip run.
    pub path: PathBuf,
    /// The event files of a run, in order; empty for other tools.
    pub files: Vec<PathBuf>,
    /// The name of the run, unless its files have one.
    pub name: String,
}

/// What a path holds, ordered by path: a file is one run, a folder is searched. Links below it are not followed.
///
/// # Errors
/// If the path cannot be read, or holds nothing that can be imported.
pub fn find(path: &Path) -> Result<Vec<Found>, ImportError> {
    // `wandb/latest-run` and the like are links, and `.` has no name.
    let real = path.canonicalize().map_err(ImportError::read(path))?;
    let mut found = Vec::new();
    if real.is_dir() {
        let mut search = Search { root: &real, left: ENTRIES, found: &mut found };
        search.folder(&real, 0)?;
    } else {
        found.push(file(&real)?);
    }
    if found.is_empty() {
        return Err(ImportError::Unrecognised { path: path.into(), looked_for: LOOKED_FOR });
    }
    Ok(found)
}

fn file(path: &Path) -> Result<Found, ImportError> {
    let folder = path.parent().map(base_name).unwrap_or_default();
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let head = head(path).map_err(ImportError::read(path))?;
    let (kind, name, files) = match &head {
        head if wandb::is_log(head) => (Kind::Wandb, stem, Vec::new()),
        head if tensorboard::is_event_file(head) => (Kind::TensorBoard, folder, vec![path.into()]),
        head if is_text(head) && head.contains(&b'\n') => (Kind::Csv, stem, Vec::new()),
        _ => return Err(ImportError::Unrecognised { path: path.into(), looked_for: LOOKED_FOR }),
    };
    Ok(Found { kind, path: path.into(), files, name })
}

/// The first bytes of a file.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(open_regular(path)?, 4096), &mut head)?;
    Ok(head)
}

fn is_text(head: &[u8]) -> bool {
    let whole = std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    whole && !head.contains(&0)
}

/// A search of a folder.
struct Search<'a> {
    root: &'a Path,
    left: usize,
    found: &'a mut Vec<Found>,
}

impl Search<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), ImportError> {
        let entries = self.entries(folder)?;
        let file = |name: &str| entries.iter().any(|(path, is_dir)| !is_dir && base_name(path) == name);
        let dir = |name: &str| entries.iter().any(|(path, is_dir)| *is_dir && base_name(path) == name);
        if file("params.txt") && (dir("checkpoints") || dir("tensorboard")) {
            self.push(Kind::OpenClip, folder, folder, Vec::new());
            return Ok(());
        }
        let files = || entries.iter().filter(|(_, is_dir)| !is_dir).map(|(path, _)| path);
        let logs: Vec<&PathBuf> = files().filter(|path| is_wandb_log(path)).collect();
        if !logs.is_empty() {
            logs.into_iter().for_each(|log| self.push(Kind::Wandb, folder, log, Vec::new()));
            return Ok(());
        }
        let events: Vec<PathBuf> =
            files().filter(|path| base_name(path).contains("tfevents")).cloned().collect();
        if let Some(first) = events.first().cloned() {
            self.push(Kind::TensorBoard, folder, &first, events);
        }
        for (below, _) in entries.iter().filter(|(_, is_dir)| *is_dir && depth < DEPTH) {
            // A folder that cannot be read hides nothing else.
            match self.folder(below, depth + 1) {
                Err(ImportError::Read { .. }) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Files and folders, by name; whether it is a folder.
    fn entries(&mut self, folder: &Path) -> Result<Vec<(PathBuf, bool)>, ImportError> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(ImportError::read(folder))?.flatten() {
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                ImportError::invalid(
                    self.root,
                    format!("has more than {ENTRIES} files: name a folder below it"),
                )
            })?;
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() || kind.is_file() {
                entries.push((entry.path(), kind.is_dir()));
            }
        }
        entries.sort();
        Ok(entries)
    }

    /// As in TensorBoard, a run is named by its folder below the root, and by the root itself there.
    fn push(&mut self, kind: Kind, folder: &Path, path: &Path, files: Vec<PathBuf>) {
        let below = folder.strip_prefix(self.root).unwrap_or(folder);
        let name =
            if below.as_os_str().is_empty() { base_name(self.root) } else { below.display().to_string() };
        self.found.push(Found { kind, path: path.into(), files, name });
    }
}

fn is_wandb_log(path: &Path) -> bool {
    let name = base_name(path);
    name.starts_with("run-") && name.ends_with(".wandb")
}
