//! Which files of a run's folder are copied, and which names another store may send.

use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};

/// The folder of files that are being written.
pub const INCOMING: &str = ".incoming";
/// Files that belong to the process that records the run in its store.
const LOCAL: [&str; 3] = ["run.lock", "spool.jsonl", "spool.reserve"];
/// The deepest folder.
const MAX_DEPTH: usize = 8;
/// The longest name of a file or folder on common file systems.
const MAX_LENGTH: usize = 255;

/// Whether a file of this name is copied: not hidden files, which are temporary, and not those of the recorder.
pub fn is_copied(name: &str) -> bool {
    checked(name).is_ok()
}

/// The path of a file in a run's folder.
///
/// # Errors
/// For a name that leaves the folder, or that no copy may write.
pub fn checked(name: &str) -> Result<PathBuf> {
    let path = Path::new(name);
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.len() <= MAX_LENGTH && !part.contains(['\0', '\\'])
    };
    let parts: Vec<&str> = name.split('/').collect();
    let normal = path.components().all(|part| matches!(part, Component::Normal(_)));
    if !normal
        || !parts.iter().all(|part| plain(part))
        || parts.len() > MAX_DEPTH
        || LOCAL.contains(&parts[0])
    {
        bail!("{name:?} is not the name of a file to copy");
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_folder() {
        for good in ["last.safetensors", "log.txt", "charts/loss.svg", "a b.txt", "ö"] {
            assert!(is_copied(good), "{good}");
        }
        let (long, deep) = ("x".repeat(256), "a/".repeat(9) + "a");
        let bad = [
            "",
            ".",
            "..",
            "/",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "a/",
            "./a",
            ".incoming/x",
            "run.lock",
            "spool.jsonl",
            "spool.reserve",
            ".hidden",
            "a/.hidden",
            "a\0b",
            &long,
            &deep,
        ];
        for bad in bad {
            assert!(!is_copied(bad), "{bad:?}");
        }
    }
}
