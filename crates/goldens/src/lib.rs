//! Where tests find what they are held against: the values of other libraries, and outside data.
//!
//! Both lie in `shared`, beside the checkout, unless `CLIP_LAB_GOLDENS` or `CLIP_LAB_DATA` names another folder.

use std::{
    env,
    path::{Path, PathBuf},
};

/// A file or folder below the goldens; none (said on stderr) where it is missing.
///
/// # Panics
/// When it is missing although `CI` is set.
pub fn golden(path: &str) -> Option<PathBuf> {
    found("CLIP_LAB_GOLDENS", "goldens", path)
}

/// A file or folder below the outside data, under the same rule.
///
/// # Panics
/// As [`golden`].
pub fn data(path: &str) -> Option<PathBuf> {
    found("CLIP_LAB_DATA", "data", path)
}

fn found(variable: &str, folder: &str, path: &str) -> Option<PathBuf> {
    let root = env::var_os(variable).map_or_else(|| beside(folder), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    let message = format!("{} is missing: {variable} names its folder", found.display());
    assert!(env::var_os("CI").is_none(), "{message}");
    eprintln!("SKIPPED: {message}");
    None
}

/// Asked when the test runs, not when it is compiled: what is compiled may have been moved.
fn beside(folder: &str) -> PathBuf {
    let package = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let there = |above: &Path| Some(above.join("shared").join(folder)).filter(|path| path.is_dir());
    Path::new(&package).ancestors().find_map(there).unwrap_or_else(|| Path::new("shared").join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_beside_the_checkout_is_found_from_any_package() {
        let shared = beside("goldens");
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
        if checkout.join("shared/goldens").is_dir() {
            assert_eq!(shared, checkout.join("shared/goldens"));
        }
        assert!(beside("nothing of that name").ends_with("shared/nothing of that name"));
    }
}
