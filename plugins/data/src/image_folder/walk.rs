//! Lists the class folders and their images.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clip_lab_files::Root;

/// Extensions of readable image files.
const EXTENSIONS: [&str; 9] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "jfif"];

/// The files below a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// Paths relative to the root, in alphabetical order, with `/` between folders.
    pub pictures: Vec<String>,
    /// Files without an image extension, likewise.
    pub other_files: Vec<String>,
    /// Links to images outside of the root, likewise.
    pub outside: Vec<String>,
}

impl Found {
    /// Adds a link with an image extension.
    fn link(&mut self, bounds: &Root, path: String) {
        match bounds.below(Path::new(&path)) {
            Ok(place) if place.is_dir() => self.other_files.push(path),
            Err(error) if Root::is_outside(&error) => self.outside.push(path),
            // A dangling link counts as an unreadable image.
            _ => self.pictures.push(path),
        }
    }
}

/// The names of the folders in the root, in alphabetical order.
///
/// # Errors
/// If the root does not exist, has no folder, or has a link to a folder outside.
pub fn folders(bounds: &Root) -> Result<Vec<String>> {
    let root = bounds.path();
    // Links to folders count: subsets of classes are often made of links.
    let all = entries(root)?;
    let folders: Vec<String> = all.into_iter().filter(|name| root.join(name).is_dir()).collect();
    let pictures = || entries(root).map_or(0, |all| all.iter().filter(|name| is_picture(name)).count());
    ensure!(
        !folders.is_empty(),
        "{} contains no folders ({} images are in it); put the images of each class into a folder named after the class",
        root.display(),
        pictures()
    );
    for folder in &folders {
        let held = bounds.below(Path::new(folder));
        held.with_context(|| format!("class folder {folder}; set `allow_outside = true` to allow it"))?;
    }
    Ok(folders)
}

/// Every image below the folder of a class.
///
/// # Errors
/// If there is none, or a folder cannot be read.
pub fn pictures(bounds: &Root, folder: &str) -> Result<Found> {
    let found = below(bounds, folder)?;
    ensure!(
        !found.pictures.is_empty() || !found.outside.is_empty(),
        "class folder {} contains no image ({}); add images or remove it",
        bounds.path().join(folder).display(),
        EXTENSIONS.join(", ")
    );
    Ok(found)
}

/// Every file below `folder`, a path relative to the root; an empty one is the root.
///
/// # Errors
/// If a folder cannot be read.
pub fn below(bounds: &Root, folder: &str) -> Result<Found> {
    let root = bounds.path();
    let mut found = Found::default();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for name in entries(&root.join(&folder))? {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            // Links to folders are not followed below the class folders: they may form cycles.
            let metadata = root.join(&path).symlink_metadata();
            match metadata.map(|metadata| metadata.file_type()) {
                Ok(kind) if kind.is_dir() => pending.push(path),
                _ if !is_picture(&name) => found.other_files.push(path),
                Ok(kind) if kind.is_symlink() => found.link(bounds, path),
                _ => found.pictures.push(path),
            }
        }
    }
    found.pictures.sort_unstable();
    found.other_files.sort_unstable();
    found.outside.sort_unstable();
    Ok(found)
}

/// The names in a folder in alphabetical order, without hidden ones.
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
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}
