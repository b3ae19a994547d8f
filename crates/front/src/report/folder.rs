//! The folder of a report: what is in it, and what of it is ours to replace.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{gather::Gathered, page, reproduce, tables, text};

/// The list of the files that a report wrote. Nothing else in its folder is replaced or removed.
const LIST: &str = ".clip-lab-report";
/// Folders of a report.
const FOLDERS: [&str; 3] = ["figures", "data", "specs"];
/// Files of a report that stand in none of these.
const FILES: [&str; 3] = ["report.html", "report.md", "reproduce.sh"];

/// Files by their names in the folder.
type Files = Vec<(String, Vec<u8>)>;

/// Whether a report may be written there: nothing is, or another report.
///
/// # Errors
/// When something else lies there.
pub fn free(folder: &Path) -> Result<()> {
    let empty = fs::read_dir(folder).map_or(!folder.exists(), |mut entries| entries.next().is_none());
    ensure!(
        empty || folder.join(LIST).symlink_metadata().is_ok_and(|list| list.is_file()),
        "{} is in use and holds no report (it has no {LIST}, which lists the files of one): name another folder with \
         --out, or empty this one",
        folder.display()
    );
    Ok(())
}

/// Writes everything, and removes what the report that was there had besides.
///
/// # Errors
/// What cannot be written, and a file that is in the way and is none of a report.
pub fn write(folder: &Path, found: &Gathered) -> Result<()> {
    free(folder)?;
    let (files, before) = (files(found)?, listed(folder));
    for (name, _) in files.iter().filter(|(name, _)| !before.contains(name)) {
        let path = folder.join(name);
        // Not `exists`, which is false for a link that leads nowhere.
        ensure!(
            path.symlink_metadata().is_err(),
            "{} is in the way and was not written by a report: move it, or name another folder with --out",
            path.display()
        );
    }
    for own in FOLDERS {
        plain_folder(&folder.join(own))?;
    }
    // Old and new, so that whatever is left of an interrupted report is known as its own.
    let names = files.iter().map(|(name, _)| name.clone());
    list(folder, before.iter().cloned().chain(names.clone()))?;
    for name in &before {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).with_context(|| format!("{} cannot be replaced", path.display()))?;
        }
    }
    for (name, bytes) in &files {
        put(folder, name, bytes)?;
    }
    runnable(&folder.join("reproduce.sh"))?;
    list(folder, names)
}

fn files(found: &Gathered) -> Result<Files> {
    let mut files: Files = vec![
        ("report.html".to_owned(), page::page(found)?.into()),
        ("report.md".to_owned(), text::text(found)?.into()),
        ("reproduce.sh".to_owned(), reproduce::script(&found.model).into()),
    ];
    for drawing in &found.drawings {
        files.push((format!("figures/{}.svg", drawing.caption.file), drawing.svg.clone().into()));
    }
    for picture in found.model.queries.iter().flat_map(|query| &query.found).flat_map(|found| &found.top) {
        if let Some(jpeg) = picture.digest.as_ref().and_then(|digest| found.thumbnails.get(digest)) {
            files.push((format!("figures/{}", picture.file()), jpeg.clone()));
        }
    }
    files.extend(found.specs.iter().map(|(name, spec)| (format!("specs/{name}"), spec.clone().into())));
    let json = serde_json::to_string_pretty(&found.model)? + "\n";
    files.push(("data/report.json".to_owned(), json.into()));
    files.extend(tables::tables(found)?.into_iter().map(|(name, csv)| (format!("data/{name}"), csv.into())));
    Ok(files)
}

/// The files of the report that is there, as far as a report has such files: a list may come from anywhere.
fn listed(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join(LIST)).unwrap_or_default();
    text.lines().filter(|name| is_ours(name)).map(str::to_owned).collect()
}

fn is_ours(name: &str) -> bool {
    let parts: Vec<Component> = Path::new(name).components().collect();
    match parts[..] {
        [Component::Normal(_)] => FILES.contains(&name),
        [Component::Normal(own), Component::Normal(file)] => {
            FOLDERS.iter().any(|known| own == *known)
                && name == format!("{}/{}", own.display(), file.display())
        }
        _ => false,
    }
}

fn list(folder: &Path, names: impl Iterator<Item = String>) -> Result<()> {
    let names: BTreeSet<String> = names.collect();
    put(folder, LIST, names.into_iter().map(|name| name + "\n").collect::<String>().as_bytes())
}

/// What is reached through a link may be anything.
fn plain_folder(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_dir() => {
            bail!("{} is no folder, and a report has one of that name: move it away", path.display())
        }
        _ => Ok(()),
    }
}

fn put(folder: &Path, file: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(file);
    let folder = path.parent().unwrap_or(folder);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, bytes))
        .with_context(|| format!("{} cannot be written", path.display()))
}

fn runnable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("{} cannot be made a program", path.display()))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn a_list_names_nothing_outside_of_a_report() {
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
