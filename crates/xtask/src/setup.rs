//! Making the folders of the cache: what is missing, one set-up at a time, each folder whole or not at all.

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

/// In a finished folder, names the archives it was made of; another text means it is to be made again.
const MARKER: &str = ".fetched";

/// Fetches the bundles that are missing in `cache`; returns how many that were. With none, a few small files are read.
pub fn fetch(cache: &Path, lock: &Lock, bundles: &[Bundle], tools: &Tools) -> Result<usize> {
    if missing(cache, lock, bundles)?.is_empty() {
        return Ok(0);
    }
    let downloads = cache.join("downloads");
    fs::create_dir_all(&downloads).with_context(|| {
        format!("cannot make {}; set CLIP_LAB_CACHE to a folder you may write to", downloads.display())
    })?;
    let _turn = wait_for_other_set_ups(cache)?;
    let missing = missing(cache, lock, bundles)?; // asked again: the one we waited for may have fetched it
    announce(cache, lock, &missing, tools)?;
    for bundle in &missing {
        make(cache, lock, bundle, &downloads, tools)
            .with_context(|| format!("setting up {}", bundle.title))?;
    }
    remove_folder(&downloads)?;
    Ok(missing.len())
}

/// The bundles that are not in `cache`, or were made of other archives than `lock` names now.
pub fn missing<'a>(cache: &Path, lock: &Lock, bundles: &'a [Bundle]) -> Result<Vec<&'a Bundle>> {
    let mut missing = Vec::new();
    for bundle in bundles {
        let folder = cache.join(bundle.folder);
        let there = match fs::read_to_string(folder.join(MARKER)) {
            Ok(marker) => marker == marker_text(lock, bundle)?,
            Err(_) => is_made_by_hand(&folder, bundle),
        };
        if !there {
            missing.push(bundle);
        }
    }
    Ok(missing)
}

/// Whether somebody unpacked the bundle without us: the small files say so to the letter and none of the named ones lacks.
/// Such a folder may be in use and is left as it is.
fn is_made_by_hand(folder: &Path, bundle: &Bundle) -> bool {
    let mut picks = bundle.parts.iter().flat_map(|part| part.picks);
    let says_so =
        |(name, text): &(&str, &str)| fs::read_to_string(folder.join(name)).is_ok_and(|found| found == *text);
    !bundle.written.is_empty()
        && bundle.written.iter().all(says_so)
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

/// Two checkouts share a cache: the second waits, and then finds everything there.
fn wait_for_other_set_ups(cache: &Path) -> Result<File> {
    let path = cache.join(".setup-lock");
    let turn = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    if turn.try_lock().is_err() {
        eprintln!("waiting for another set-up that fills {}", cache.display());
        turn.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(turn)
}

/// Says what will be fetched, and first of all whether the tools for it are there.
fn announce(cache: &Path, lock: &Lock, missing: &[&Bundle], tools: &Tools) -> Result<()> {
    for bundle in missing {
        let archives =
            bundle.parts.iter().map(|part| lock.archive(part.package)).collect::<Result<Vec<_>>>()?;
        for archive in &archives {
            tools.check(archive.source)?;
        }
        let bytes: u64 = archives.iter().map(|archive| archive.bytes).sum();
        eprintln!("missing in {}: {} ({} MB)", cache.display(), bundle.title, bytes / 1_000_000);
    }
    Ok(())
}

fn make(cache: &Path, lock: &Lock, bundle: &Bundle, downloads: &Path, tools: &Tools) -> Result<()> {
    let aside = beside(cache, bundle, "partial");
    remove_folder(&aside)?;
    fs::create_dir_all(&aside).with_context(|| format!("cannot make {}", aside.display()))?;
    let mut used = Vec::new();
    for part in bundle.parts {
        let archive = lock.archive(part.package)?;
        let file = download::get(archive, downloads, tools)?;
        eprintln!("unpacking {}", archive.file);
        unpack::unpack(archive.source, &file, part, &aside)?;
        used.push(file);
    }
    let marker = marker_text(lock, bundle)?;
    for (name, text) in bundle.written.iter().copied().chain([(MARKER, marker.as_str())]) {
        fs::write(aside.join(name), text)
            .with_context(|| format!("cannot write {name} in {}", aside.display()))?;
    }
    put_in_place(cache, bundle, &aside)?;
    used.iter().try_for_each(|file| {
        fs::remove_file(file).with_context(|| format!("cannot remove {}", file.display()))
    })
}

/// Renames the finished folder to its name. A program that has files of an older one open keeps them.
fn put_in_place(cache: &Path, bundle: &Bundle, finished: &Path) -> Result<()> {
    let (folder, old) = (cache.join(bundle.folder), beside(cache, bundle, "old"));
    remove_folder(&old)?;
    if folder.exists() {
        fs::rename(&folder, &old).with_context(|| format!("cannot move {} away", folder.display()))?;
    }
    fs::rename(finished, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
    eprintln!("ready: {}", folder.display());
    remove_folder(&old)
}

fn beside(cache: &Path, bundle: &Bundle, suffix: &str) -> PathBuf {
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
