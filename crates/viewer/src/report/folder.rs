//! The folder of a report: writes its files, and replaces only those of an earlier report.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path},
};

use anyhow::{Context as _, Result, bail, ensure};

use clip_lab_files::{MIB, read_text_capped};

use super::{gather::ReportData, page, reproduce, tables, text};

/// Lists the files of a report. Nothing else in the folder is replaced or removed.
const LIST: &str = ".clip-lab-report";
/// Subfolders of a report.
const FOLDERS: [&str; 3] = ["figures", "data", "specs"];
/// Files of a report outside these.
const FILES: [&str; 3] = ["report.html", "report.md", "reproduce.sh"];

/// File names in the folder, with contents.
type Files = Vec<(String, Vec<u8>)>;

/// Checks that the folder does not exist, is empty or contains a report.
///
/// # Errors
/// If it is in use.
pub fn check_free(folder: &Path) -> Result<()> {
    let empty = fs::read_dir(folder).map_or(!folder.exists(), |mut entries| entries.next().is_none());
    ensure!(
        empty || folder.join(LIST).symlink_metadata().is_ok_and(|list| list.is_file()),
        "{} is in use and is not a report (it has no {LIST}, which lists the files of a report): choose another folder \
         with --out, or empty this one",
        folder.display()
    );
    Ok(())
}

/// Writes all files, and removes other files of an earlier report.
///
/// # Errors
/// If a file cannot be written, or one that no report wrote is in the way.
pub fn write(folder: &Path, data: &ReportData) -> Result<()> {
    check_free(folder)?;
    let (files, old) = (files(data)?, listed(folder));
    for (name, _) in files.iter().filter(|(name, _)| !old.contains(name)) {
        let path = folder.join(name);
        // Not `exists`, which is false for a dangling link.
        ensure!(
            path.symlink_metadata().is_err(),
            "{} is in the way and was not written by a report: move it, or choose another folder with --out",
            path.display()
        );
    }
    for name in FOLDERS {
        check_folder(&folder.join(name))?;
    }
    // List old and new files first, so that an interrupted report can be replaced.
    let names = files.iter().map(|(name, _)| name.clone());
    write_list(folder, old.iter().cloned().chain(names.clone()))?;
    for name in &old {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).with_context(|| format!("cannot replace {}", path.display()))?;
        }
    }
    for (name, bytes) in &files {
        write_file(folder, name, bytes)?;
    }
    make_executable(&folder.join("reproduce.sh"))?;
    write_list(folder, names)
}

fn files(data: &ReportData) -> Result<Files> {
    let mut files: Files = vec![
        ("report.html".to_owned(), page::page(data)?.into()),
        ("report.md".to_owned(), text::text(data)?.into()),
        ("reproduce.sh".to_owned(), reproduce::script(&data.model).into()),
    ];
    for drawing in &data.drawings {
        files.push((format!("figures/{}.svg", drawing.caption.file), drawing.svg.clone().into()));
    }
    for image in data.model.queries.iter().flat_map(|query| &query.found).flat_map(|found| &found.top) {
        if let Some(jpeg) = image.digest.as_ref().and_then(|digest| data.thumbnails.get(digest)) {
            files.push((format!("figures/{}", image.file()), jpeg.clone()));
        }
    }
    files.extend(data.specs.iter().map(|(name, spec)| (format!("specs/{name}"), spec.clone().into())));
    let json = serde_json::to_string_pretty(&data.model)? + "\n";
    files.push(("data/report.json".to_owned(), json.into()));
    files.extend(tables::tables(data)?.into_iter().map(|(name, csv)| (format!("data/{name}"), csv.into())));
    Ok(files)
}

/// The listed files. Names that a report cannot have are ignored, because the list may be forged.
fn listed(folder: &Path) -> BTreeSet<String> {
    let text = read_text_capped(&folder.join(LIST), MIB).unwrap_or_default();
    text.lines().filter(|name| is_ours(name)).map(str::to_owned).collect()
}

fn is_ours(name: &str) -> bool {
    let parts: Vec<Component> = Path::new(name).components().collect();
    match parts[..] {
        [Component::Normal(_)] => FILES.contains(&name),
        [Component::Normal(own), Component::Normal(file)] => {
            FOLDERS.iter().any(|name| own == *name) && name == format!("{}/{}", own.display(), file.display())
        }
        _ => false,
    }
}

fn write_list(folder: &Path, names: impl Iterator<Item = String>) -> Result<()> {
    let names: BTreeSet<String> = names.collect();
    write_file(folder, LIST, names.into_iter().map(|name| name + "\n").collect::<String>().as_bytes())
}

/// Rejects a link or a file in place of a subfolder.
fn check_folder(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_dir() => {
            bail!("{} must be a folder in a report: move it away", path.display())
        }
        _ => Ok(()),
    }
}

fn write_file(folder: &Path, file: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(file);
    let folder = path.parent().unwrap_or(folder);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn a_list_cannot_name_files_outside_of_a_report() {
        for name in ["report.html", "figures/a.svg", "data/report.json", "specs/lit-0.toml"] {
            assert!(is_ours(name), "{name}");
        }
        let bad =
            ["", "..", "../report.html", "/etc/passwd", "notes.txt", "data/../../x", "data", "other/a.csv"];
        for name in
            bad.into_iter().chain(["data/sub/a.csv", "./report.html", "data/./a", "data//a", "data/a/"])
        {
            assert!(!is_ours(name), "{name}");
        }
    }
}
