//! The folder of a report.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::{gather::Gathered, page, reproduce, tables, text};

/// The file by which a report is known.
const PAGE: &str = "report.html";

/// Whether a report may be written there: nothing is, or another report.
///
/// # Errors
/// When something else lies there.
pub fn free(folder: &Path) -> Result<()> {
    let empty = fs::read_dir(folder).map_or(!folder.exists(), |mut entries| entries.next().is_none());
    ensure!(
        empty || folder.join(PAGE).exists(),
        "{} is in use and holds no report: name another folder with --out",
        folder.display()
    );
    Ok(())
}

/// Writes everything.
///
/// # Errors
/// What cannot be written.
pub fn write(folder: &Path, found: &Gathered) -> Result<()> {
    for own in ["figures", "data", "specs"] {
        tidy(&folder.join(own))?;
    }
    put(folder, PAGE, page::page(found)?)?;
    put(folder, "report.md", text::text(found)?)?;
    put(folder, "reproduce.sh", reproduce::script(&found.model))?;
    runnable(&folder.join("reproduce.sh"))?;
    for drawing in &found.drawings {
        put(folder, &format!("figures/{}.svg", drawing.caption.file), &drawing.svg)?;
    }
    for picture in found.model.queries.iter().flat_map(|query| &query.found).flat_map(|found| &found.top) {
        if let Some(jpeg) = picture.digest.as_ref().and_then(|digest| found.thumbnails.get(digest)) {
            put(folder, &format!("figures/{}", picture.file()), jpeg)?;
        }
    }
    for (name, spec) in &found.specs {
        put(folder, &format!("specs/{name}"), spec)?;
    }
    put(folder, "data/report.json", serde_json::to_string_pretty(&found.model)? + "\n")?;
    for (name, csv) in tables::tables(found)? {
        put(folder, &format!("data/{name}"), csv)?;
    }
    Ok(())
}

/// Removes what an earlier report left that this one may lack.
fn tidy(folder: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        let ours = path.extension().is_some_and(|ending| {
            ["svg", "png", "jpg", "csv", "json", "toml"].iter().any(|known| ending == *known)
        });
        if ours {
            fs::remove_file(&path).with_context(|| format!("{} cannot be replaced", path.display()))?;
        }
    }
    Ok(())
}

fn put(folder: &Path, file: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
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
