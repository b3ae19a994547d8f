//! Creates the missing folders of the cache, one set-up at a time, each folder atomically.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    bundles::Bundle,
    download::{self, Tools},
    lock::Lock,
    unpack,
};

/// In a finished folder, lists its archives; if the list differs, the folder is created again.
const MARKER: &str = ".fetched";

/// Downloads the bundles missing in `cache` and returns their number. If none is missing, only a few small files are
/// read.
pub fn fetch(cache: &Path, lock: &Lock, bundles: &[Bundle], tools: &Tools) -> Result<usize> {
    if missing(cache, lock, bundles)?.is_empty() {
        return Ok(0);
    }
    let downloads = cache.join("downloads");
    fs::create_dir_all(&downloads).with_context(|| {
        format!("cannot create {}; set CLIP_LAB_CACHE to a folder you may write to", downloads.display())
    })?;
    let _lock = wait_for_other_set_ups(cache)?;
    let missing = missing(cache, lock, bundles)?; // checked again: the other set-up may have downloaded it
    announce(cache, lock, &missing, tools)?;
    for (at, bundle) in missing.iter().enumerate() {
        make(cache, lock, bundle, &downloads, tools)
            .with_context(|| format!("setting up {}", bundle.title))?;
        discard(lock, bundle, &missing[at + 1..], &downloads)?;
    }
    remove_folder(&downloads)?;
    Ok(missing.len())
}

/// The bundles that are not in `cache`, or were created from other archives than those in `lock`.
pub fn missing<'a>(cache: &Path, lock: &Lock, bundles: &'a [Bundle]) -> Result<Vec<&'a Bundle>> {
    let mut missing = Vec::new();
    for bundle in bundles {
        let folder = cache.join(bundle.folder);
        let exists = match fs::read_to_string(folder.join(MARKER)) {
            Ok(marker) => marker == marker_text(lock, bundle)?,
            Err(_) => is_made_by_hand(&folder, bundle),
        };
        if !exists {
            missing.push(bundle);
        }
    }
    Ok(missing)
}

/// Whether the bundle was unpacked by hand: the small files have the expected content and all other files exist. Such a
/// folder may be in use and is left unchanged.
fn is_made_by_hand(folder: &Path, bundle: &Bundle) -> bool {
    let mut picks = bundle.parts.iter().flat_map(|part| part.picks);
    let matches =
        |(name, text): &(&str, &str)| fs::read_to_string(folder.join(name)).is_ok_and(|found| found == *text);
    !bundle.written.is_empty()
        && bundle.written.iter().all(matches)
        && picks.all(|(_, to)| folder.join(to).exists())
}

fn marker_text(lock: &Lock, bundle: &Bundle) -> Result<String> {
    let mut text = String::new();
    for part in bundle.parts {
        let archive = lock.archive(part.package)?;
        text += &format!("{} {} {}\n", archive.package, archive.version, archive.sha256);
    }
    Ok(text)
}

/// Locks the cache: a second set-up waits, and then finds everything in place.
fn wait_for_other_set_ups(cache: &Path) -> Result<File> {
    let path = cache.join(".setup-lock");
    let lock = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    if lock.try_lock().is_err() {
        eprintln!("waiting for another set-up of {}", cache.display());
        lock.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(lock)
}

/// Checks that the download tools exist and prints what will be downloaded.
fn announce(cache: &Path, lock: &Lock, missing: &[&Bundle], tools: &Tools) -> Result<()> {
    for (at, bundle) in missing.iter().enumerate() {
        let mut bytes = 0;
        for part in bundle.parts {
            let archive = lock.archive(part.package)?;
            tools.check(archive.source)?;
            if !uses(&missing[..at], part.package) {
                bytes += archive.bytes;
            }
        }
        eprintln!("missing in {}: {} ({} MB to download)", cache.display(), bundle.title, bytes / 1_000_000);
    }
    Ok(())
}

/// Whether one of `bundles` takes files from the archive of `package`.
fn uses(bundles: &[&Bundle], package: &str) -> bool {
    bundles.iter().flat_map(|bundle| bundle.parts).any(|part| part.package == package)
}

fn make(cache: &Path, lock: &Lock, bundle: &Bundle, downloads: &Path, tools: &Tools) -> Result<()> {
    let partial = sibling(cache, bundle, "partial");
    remove_folder(&partial)?;
    fs::create_dir_all(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
    for part in bundle.parts {
        let archive = lock.archive(part.package)?;
        let file = download::get(archive, downloads, tools)?;
        eprintln!("unpacking {}", archive.file);
        unpack::unpack(archive.source, &file, part, &partial)?;
    }
    let marker = marker_text(lock, bundle)?;
    for (name, text) in bundle.written.iter().copied().chain([(MARKER, marker.as_str())]) {
        fs::write(partial.join(name), text)
            .with_context(|| format!("cannot write {name} in {}", partial.display()))?;
    }
    put_in_place(cache, bundle, &partial)
}

/// Removes the archives of a finished bundle, except those that a `later` one needs.
fn discard(lock: &Lock, bundle: &Bundle, later: &[&Bundle], downloads: &Path) -> Result<()> {
    for part in bundle.parts.iter().filter(|part| !uses(later, part.package)) {
        let file = downloads.join(&lock.archive(part.package)?.file);
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(())
}

/// Moves the finished folder into place. Programs keep open files of an older one.
fn put_in_place(cache: &Path, bundle: &Bundle, finished: &Path) -> Result<()> {
    let (folder, old) = (cache.join(bundle.folder), sibling(cache, bundle, "old"));
    remove_folder(&old)?;
    if folder.exists() {
        fs::rename(&folder, &old).with_context(|| format!("cannot move {} away", folder.display()))?;
    }
    fs::rename(finished, &folder).with_context(|| format!("cannot create {}", folder.display()))?;
    eprintln!("ready: {}", folder.display());
    remove_folder(&old)
}

fn sibling(cache: &Path, bundle: &Bundle, suffix: &str) -> PathBuf {
    cache.join(format!("{}.{suffix}", bundle.folder))
}

fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "setup_tests.rs"]
mod tests;
