//! Finds and reads `keys.toml`.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::Keys;

/// Reads the `keys.toml` beside `store`, else the one in the user's config folder; without either, the defaults.
///
/// # Errors
/// If the file cannot be read or parsed, as text to print.
pub fn read(store: &Path) -> Result<Keys, String> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".config"));
    let user = config.or_else(home).map(|folder| folder.join("clip-lab/keys.toml"));
    first([Some(store.with_file_name("keys.toml")), user].into_iter().flatten())
}

fn first(paths: impl Iterator<Item = PathBuf>) -> Result<Keys, String> {
    for path in paths {
        let name = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => return Keys::parse(&name, &text),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => {
                return Err(format!("cannot read the keys in {name}: {error}; fix or remove the file"));
            }
        }
    }
    Ok(Keys::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_is_read_and_none_is_required() {
        let folder = tempfile::tempdir().expect("a folder");
        let (here, missing) = (folder.path().join("keys.toml"), folder.path().join("none.toml"));
        assert_eq!(first([missing.clone()].into_iter()), Ok(Keys::default()));
        std::fs::write(&here, "log = \"L\"").expect("written");
        assert_ne!(first([missing, here.clone()].into_iter()), Ok(Keys::default()));
        std::fs::write(&here, "logg = \"L\"").expect("written");
        assert!(first([here].into_iter()).is_err_and(|report| report.contains("did you mean `log`")));
    }
}
