//! Finds layouts by name: built-in, in `dashboards/`, or saved next to the store.

use std::path::{Path, PathBuf};

use super::{LIVE, Layout};
use crate::text::clean;

/// The embedded files of `dashboards/` by name.
const BUILT_IN: [(&str, &str); 5] = [
    ("live", LIVE),
    ("lit", include_str!("../../../../dashboards/lit.toml")),
    ("towers", include_str!("../../../../dashboards/towers.toml")),
    ("tricks", include_str!("../../../../dashboards/tricks.toml")),
    ("system", include_str!("../../../../dashboards/system.toml")),
];

/// The folder of layouts, in the working directory and next to a store.
const FOLDER: &str = "dashboards";

/// Resolves `name` for [`check`]: a file, a layout of that name in `dashboards/` or next to the store, or a built-in layout.
/// None if there is no such layout.
pub fn find(store: &Path, name: &Path) -> Option<PathBuf> {
    let text = name.to_string_lossy();
    let valid = check_name(&text).is_ok();
    let short = valid.then(|| Path::new(FOLDER).join(format!("{text}.toml")));
    let beside_store = valid.then(|| saved(store, &text));
    let files = [Some(name.to_path_buf()), short, beside_store].into_iter().flatten();
    let built_in = || BUILT_IN.iter().any(|(built_in, _)| *built_in == text).then(|| name.to_path_buf());
    files.into_iter().find(|path| path.is_file()).or_else(built_in)
}

/// The names of all layouts that [`find`] resolves.
pub fn names(store: &Path) -> Vec<String> {
    let mut names = BUILT_IN.map(|(name, _)| name.to_string()).to_vec();
    for folder in [PathBuf::from(FOLDER), store.with_file_name(FOLDER)] {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let toml = path.extension().is_some_and(|ending| ending == "toml");
            names.extend(path.file_stem().filter(|_| toml).map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Reads and checks a layout file, or the built-in layout of that name.
///
/// # Errors
/// If the file cannot be read or has problems, rendered with line and caret.
pub fn check(path: &Path) -> Result<Layout, String> {
    let name = path.display().to_string();
    let built_in = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
    match (std::fs::read_to_string(path), built_in) {
        (Ok(text), _) => Layout::parse(&name, &text),
        (Err(_), Some((_, text))) => Layout::parse(&format!("dashboards/{name}.toml"), text),
        (Err(error), None) => Err(unreadable(&name, &error)),
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> String {
    let names = BUILT_IN.map(|(name, _)| name);
    let hint = clip_lab_diagnostics::suggest(name, &names)
        .map_or(String::new(), |nearest| format!(", did you mean {nearest}?"));
    format!(
        "cannot read the dashboard {name}: {error}{hint}; built in: {}; or name a file such as dashboards/live.toml",
        names.join(", ")
    )
}

/// Checks that `name` is a valid layout name, which becomes a file name.
///
/// # Errors
/// If it is not valid, as a message.
pub fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.len() <= 64 && !name.is_empty() && !name.starts_with('.') && name.chars().all(allowed) {
        return Ok(());
    }
    Err(format!(
        "`{}` is not a valid layout name: use up to 64 letters, digits, `-`, `_` and `.`",
        clean(name)
    ))
}

/// The file of the layout `name` saved next to the store.
pub fn saved(store: &Path, name: &str) -> PathBuf {
    store.with_file_name("dashboards").join(format!("{name}.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_layout_is_found_by_its_name() {
        for (name, _) in BUILT_IN {
            let layout = check(Path::new(name)).unwrap_or_else(|report| panic!("{report}"));
            assert!(layout.views.len() > 1, "{name}");
        }
        assert!(check(Path::new("towrs")).is_err_and(|report| report.contains("did you mean towers?")));
    }

    #[test]
    fn a_layout_beside_the_store_is_found_by_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("clip-lab.db");
        assert_eq!(find(&store, Path::new("mine")), None);
        let file = saved(&store, "mine");
        std::fs::create_dir(file.parent().expect("a folder")).expect("made");
        std::fs::write(&file, LIVE).expect("written");
        assert_eq!(find(&store, Path::new("mine")), Some(file));
        assert!(names(&store).contains(&"mine".to_string()) && names(&store).contains(&"live".to_string()));
        assert_eq!(find(&store, Path::new("live")), Some("live".into()));
    }

    #[test]
    fn layout_names_cannot_leave_their_folder() {
        assert!(["mine", "my-layout_2.b"].into_iter().all(|name| check_name(name).is_ok()));
        let wrong = ["", "../x", "a/b", ".hidden", "a b", "\u{202e}x"];
        assert!(wrong.into_iter().all(|name| check_name(name).is_err()));
        assert!(check_name(&"x".repeat(65)).is_err());
    }
}
