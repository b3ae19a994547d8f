//! The base specs of the arms, each read once.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Spec texts by file.
#[derive(Default)]
pub(super) struct Bases(BTreeMap<PathBuf, Result<String, String>>);

impl Bases {
    /// The text of a spec, or why it cannot be used.
    pub fn text(&mut self, file: &Path) -> Result<&str, &str> {
        let text = self.0.entry(file.to_owned()).or_insert_with(|| read(file));
        text.as_deref().map_err(String::as_str)
    }
}

fn read(file: &Path) -> Result<String, String> {
    let shown = file.display();
    let text =
        crate::read_spec_text(file).map_err(|error| format!("cannot read the spec {shown}: {error}"))?;
    if super::is_study(&text) {
        return Err(format!("{shown} is a study; name a spec"));
    }
    match text.parse::<toml::Table>() {
        Ok(_) => Ok(text),
        Err(error) => {
            let message = error.message().trim().replace('\n', ", ");
            Err(format!("{shown} is not TOML: {message}; `clip-lab check {shown}` shows where"))
        }
    }
}
