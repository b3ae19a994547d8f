//! An imported run.

use std::{io::ErrorKind, path::Path, time::UNIX_EPOCH};

use crate::{Kind, LeftOut, Points};

/// A run as another tool recorded it.
#[derive(Debug)]
pub struct ImportedRun {
    /// The tool.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What makes it the same run when it is imported again.
    pub identity: Identity,
    /// Its start, milliseconds since 1970: the first time in its files, else the time of the file.
    pub started_ms: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// Its settings, flattened.
    pub settings: Vec<Setting>,
    /// The machine it ran on.
    pub host: Option<String>,
    /// The commit of its code.
    pub commit: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its notes.
    pub notes: Vec<String>,
    /// The better direction of metrics, where it was declared.
    pub directions: Vec<(String, Direction)>,
    /// Its points.
    pub points: Points,
    /// What was left out.
    pub left_out: LeftOut,
    /// Problems of its files.
    pub warnings: Vec<String>,
}

impl ImportedRun {
    /// A run without anything.
    pub(crate) fn new(kind: Kind, name: &str) -> ImportedRun {
        ImportedRun {
            kind,
            name: name.into(),
            identity: Identity { ms: 0, digest: [0; 16] },
            started_ms: 0,
            outcome: Outcome::Finished,
            settings: Vec::new(),
            host: None,
            commit: None,
            tags: Vec::new(),
            notes: Vec::new(),
            directions: Vec::new(),
            points: Points::default(),
            left_out: LeftOut::default(),
            warnings: Vec::new(),
        }
    }

    /// The seed among its settings, if there is one.
    pub fn seed(&self) -> Option<u64> {
        let named = |name: &str| self.settings.iter().find(|setting| setting.key == name);
        ["seed", "run.seed", "args.seed"].into_iter().find_map(|name| named(name)?.value.parse().ok())
    }
}

/// What identifies a run: it stays the same while its files grow, are moved or copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The first time in its files, milliseconds since 1970; 0 if they have none.
    pub ms: i64,
    /// A digest of its kind, its name and its first record.
    pub digest: [u8; 16],
}

impl Identity {
    /// The identity of a run with these parts.
    pub(crate) fn new(kind: Kind, ms: i64, parts: &[&[u8]]) -> Identity {
        let mut hasher = blake3::Hasher::new();
        hasher.update(kind.as_str().as_bytes());
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let mut digest = [0; 16];
        hasher.finalize_xof().fill(&mut digest);
        Identity { ms, digest }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ended, or the files do not say.
    Finished,
    /// It failed, with the reason.
    Failed(String),
    /// It has no end, with the reason: it still runs, or was stopped.
    Unfinished(String),
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Dotted key.
    pub key: String,
    /// The value as JSON text.
    pub value: String,
    /// Where it was found, such as `params.txt:3`.
    pub origin: String,
}

/// The better direction of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Larger is better.
    Up,
    /// Smaller is better.
    Down,
}

/// Seconds since 1970 as milliseconds; none for a time that is not plausible.
pub(crate) fn milliseconds(seconds: f64) -> Option<i64> {
    (seconds.is_finite() && (0.0..=9e12).contains(&seconds)).then(|| (seconds * 1000.0).round() as i64)
}

/// When a file was last modified, milliseconds since 1970; 0 if unknown.
pub(crate) fn modified_ms(path: &Path) -> i64 {
    let modified = path.metadata().and_then(|about| about.modified());
    let since =
        modified.and_then(|time| time.duration_since(UNIX_EPOCH).map_err(|_| ErrorKind::Other.into()));
    since.map_or(0, |since| since.as_millis() as i64)
}

/// The last component of a path, as text.
pub(crate) fn base_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
