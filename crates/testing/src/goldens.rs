//! Locates the reference data of tests: golden values of other libraries, and external data sets.
//!
//! Both are in the folder `shared`, next to the checkout, unless `CLIP_LAB_GOLDENS` or `CLIP_LAB_DATA` names another
//! folder.

use std::{
    env,
    path::{Path, PathBuf},
};

/// A file or folder below the goldens; none, with a message on stderr, if it is missing.
///
/// # Panics
/// If it is missing and `CI` is set.
pub fn golden(path: &str) -> Option<PathBuf> {
    locate("CLIP_LAB_GOLDENS", "goldens", path)
}

/// A file or folder below the external data, by the same rule.
///
/// # Panics
/// As [`golden`].
pub fn data(path: &str) -> Option<PathBuf> {
    locate("CLIP_LAB_DATA", "data", path)
}

fn locate(variable: &str, folder: &str, path: &str) -> Option<PathBuf> {
    let root = env::var_os(variable).map_or_else(|| shared_folder(folder), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    let message = format!("{} is missing; set {variable} to its folder", file.display());
    assert!(env::var_os("CI").is_none(), "{message}");
    eprintln!("SKIPPED: {message}");
    None
}

/// Resolved at run time, not at compile time: test binaries may be moved.
fn shared_folder(folder: &str) -> PathBuf {
    let package = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let existing = |above: &Path| Some(above.join("shared").join(folder)).filter(|path| path.is_dir());
    Path::new(&package).ancestors().find_map(existing).unwrap_or_else(|| Path::new("shared").join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_beside_the_checkout_is_found_from_any_package() {
        let shared = shared_folder("goldens");
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
        if checkout.join("shared/goldens").is_dir() {
            assert_eq!(shared, checkout.join("shared/goldens"));
        }
        assert!(shared_folder("nothing of that name").ends_with("shared/nothing of that name"));
    }
}
