//! What lies in the folders.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clip_lab_files::Root;

/// Endings of the image files that can be read.
const ENDINGS: [&str; 9] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "jfif"];

/// What was found below a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// Paths from the root on, in alphabetical order, with `/` between folders.
    pub pictures: Vec<String>,
    /// Files that are no images by their ending, likewise.
    pub strangers: Vec<String>,
    /// Images outside of the root, to which links lead.
    pub outside: Vec<String>,
}

impl Found {
    /// Takes in a link with the name of an image.
    fn link(&mut self, bounds: &Root, path: String) {
        match bounds.below(Path::new(&path)) {
            Ok(place) if place.is_dir() => self.strangers.push(path),
            Err(error) if Root::is_outside(&error) => self.outside.push(path),
            // One that leads nowhere is an image that cannot be read.
            _ => self.pictures.push(path),
        }
    }
}

/// The names of the folders in the root in alphabetical order.
///
/// # Errors
/// When the root is not there, holds no folder, or a link that leads out of it.
pub fn folders(bounds: &Root) -> Result<Vec<String>> {
    let root = bounds.path();
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
    for folder in &folders {
        let held = bounds.below(Path::new(folder));
        held.with_context(|| format!("class folder {folder}; `allow_outside = true` allows it"))?;
    }
    Ok(folders)
}

/// Every image below the folder of a class.
///
/// # Errors
/// When there is none, or a folder cannot be read.
pub fn pictures(bounds: &Root, folder: &str) -> Result<Found> {
    let found = below(bounds, folder)?;
    ensure!(
        !found.pictures.is_empty() || !found.outside.is_empty(),
        "class folder {} holds no picture ({}); put pictures into it or take it away",
        bounds.path().join(folder).display(),
        ENDINGS.join(", ")
    );
    Ok(found)
}

/// Every file below `folder`, itself a path from the root on; an empty one is the root.
///
/// # Errors
/// When a folder cannot be read.
pub fn below(bounds: &Root, folder: &str) -> Result<Found> {
    let root = bounds.path();
    let mut found = Found::default();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for name in entries(&root.join(&folder))? {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            // Links to folders are not followed from here on: they may lead in circles.
            let about = root.join(&path).symlink_metadata();
            match about.map(|about| about.file_type()) {
                Ok(kind) if kind.is_dir() => waiting.push(path),
                _ if !is_picture(&name) => found.strangers.push(path),
                Ok(kind) if kind.is_symlink() => found.link(bounds, path),
                _ => found.pictures.push(path),
            }
        }
    }
    found.pictures.sort_unstable();
    found.strangers.sort_unstable();
    found.outside.sort_unstable();
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
