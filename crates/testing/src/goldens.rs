//! Locates the reference data of tests: golden values of other libraries, and external data sets.

use std::{
    env,
    path::{Path, PathBuf},
};

/// A file or folder of `tests/goldens`, or of the folder that `CLIP_LAB_GOLDENS` names.
///
/// # Panics
/// If it is missing: the goldens are part of the checkout.
pub fn golden(path: &str) -> PathBuf {
    let root = env::var_os("CLIP_LAB_GOLDENS").map_or_else(|| above_package("tests/goldens"), PathBuf::from);
    let file = root.join(path);
    assert!(file.exists(), "{} is missing; `tests/goldens/make.py` makes it", file.display());
    file
}

/// A file or folder of the external data: those in `shared/data`, beside the checkout, or in the folder that
/// `CLIP_LAB_DATA` names. None, with a message on stderr, if it is missing: no fresh clone has them.
pub fn data(path: &str) -> Option<PathBuf> {
    let root = env::var_os("CLIP_LAB_DATA").map_or_else(|| above_package("shared/data"), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: {} is missing; set CLIP_LAB_DATA to its folder", file.display());
    None
}

/// The folder of this name in the nearest folder above the package that has one; relative if none has.
///
/// Resolved at run time, not at compile time: test binaries may be moved.
fn above_package(folder: &str) -> PathBuf {
    let package = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let existing = |above: &Path| Some(above.join(folder)).filter(|path| path.is_dir());
    Path::new(&package).ancestors().find_map(existing).unwrap_or_else(|| folder.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_goldens_of_the_checkout_are_found_from_any_package() {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        assert_eq!(above_package("tests/goldens"), checkout.join("tests/goldens"));
        assert_eq!(above_package("nothing/of that name"), Path::new("nothing/of that name"));
    }

    #[test]
    #[should_panic(expected = "is missing; `tests/goldens/make.py` makes it")]
    fn a_missing_golden_is_an_error() {
        golden("nothing of that name");
    }

    #[test]
    fn the_goldens_take_at_most_6_megabytes() {
        fn size(path: &Path) -> u64 {
            let below = |folder: std::fs::ReadDir| folder.map(|entry| size(&entry.unwrap().path())).sum();
            path.read_dir().map_or_else(|_| path.metadata().unwrap().len(), below)
        }
        let size = size(&above_package("tests/goldens"));
        assert!(size <= 6_000_000, "{size} bytes");
    }
}
