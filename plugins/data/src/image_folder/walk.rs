//! What lies in the folders.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// Endings of the picture files that can be read.
const ENDINGS: [&str; 9] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "jfif"];

/// What was found below a folder.
pub struct Found {
    /// Paths from the root on, in alphabetical order, with `/` between folders.
    pub pictures: Vec<String>,
    /// Files that are no pictures by their ending, likewise.
    pub strangers: Vec<String>,
}

/// The names of the folders in `root` in alphabetical order.
///
/// # Errors
/// When the root is not there or holds no folder.
pub fn folders(root: &Path) -> Result<Vec<String>> {
    ensure!(root.is_dir(), "there is no folder {}", root.display());
    // A link to a folder counts: a choice of classes is often made of links.
    let all = entries(root)?;
    let folders: Vec<String> = all.into_iter().filter(|name| root.join(name).is_dir()).collect();
    let pictures = || entries(root).map_or(0, |all| all.iter().filter(|name| is_picture(name)).count());
    ensure!(
        !folders.is_empty(),
        "{} holds no folders ({} pictures lie there); pictures of each class belong into a folder called like the class",
        root.display(),
        pictures()
    );
    Ok(folders)
}

/// Every picture below the folder of a class.
///
/// # Errors
/// When there is none, or a folder cannot be read.
pub fn pictures(root: &Path, folder: &str) -> Result<Found> {
    let found = below(root, folder)?;
    ensure!(
        !found.pictures.is_empty(),
        "class folder {} holds no picture ({}); put pictures into it or take it away",
        root.join(folder).display(),
        ENDINGS.join(", ")
    );
    Ok(found)
}

/// Every file below `folder`, itself a path from `root` on; an empty one is `root`.
///
/// # Errors
/// When a folder cannot be read.
pub fn below(root: &Path, folder: &str) -> Result<Found> {
    let mut found = Found { pictures: Vec::new(), strangers: Vec::new() };
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for name in entries(&root.join(&folder))? {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            // Links to folders are not followed from here on: they may lead in circles.
            if root.join(&path).symlink_metadata().is_ok_and(|about| about.is_dir()) {
                waiting.push(path);
            } else if is_picture(&name) {
                found.pictures.push(path);
            } else {
                found.strangers.push(path);
            }
        }
    }
    found.pictures.sort_unstable();
    found.strangers.sort_unstable();
    Ok(found)
}

/// The names in a folder in alphabetical order, hidden ones left out.
fn entries(folder: &Path) -> Result<Vec<String>> {
    let unreadable = || format!("folder {} cannot be read", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let name = entry.with_context(unreadable)?.file_name();
        let name = name.into_string().map_err(|name| {
            anyhow::anyhow!(
                "{} has a name that is not UTF-8; rename it",
                folder.join(PathBuf::from(name)).display()
            )
        })?;
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn is_picture(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}
