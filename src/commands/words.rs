//! Classes called otherwise than in the data.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use clip_lab_api::{Dataset, Picture};
use plugins_data::Names;

/// A data set whose classes have other names.
pub struct Renamed {
    data: Box<dyn Dataset>,
    classes: Vec<String>,
}

impl Renamed {
    /// `data` with the names in `file`: TOML with `class = "name"` for some classes, or text with one name a line for all.
    ///
    /// # Errors
    /// When the file cannot be read, or its names do not fit the classes.
    pub fn new(data: Box<dyn Dataset>, file: &Path) -> Result<Self> {
        let classes = read(file)?.of(data.classes()).with_context(|| file.display().to_string())?;
        Ok(Self { data, classes })
    }
}

fn read(file: &Path) -> Result<Names> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    if file.extension().is_some_and(|ending| ending == "toml") {
        let table = toml::from_str(&text).with_context(|| format!("the classes in {}", file.display()))?;
        return Ok(Names::Table(table));
    }
    Ok(Names::List(
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned()).collect(),
    ))
}

impl Dataset for Renamed {
    fn len(&self) -> usize {
        self.data.len()
    }
    fn picture(&self, index: usize) -> Result<Picture> {
        self.data.picture(index)
    }
    fn captions(&self, index: usize) -> &[String] {
        self.data.captions(index)
    }
    fn name(&self, index: usize) -> String {
        self.data.name(index)
    }
    fn classes(&self) -> &[String] {
        &self.classes
    }
    fn class(&self, index: usize) -> Option<usize> {
        self.data.class(index)
    }
    fn fingerprint(&self) -> String {
        self.data.fingerprint()
    }
    fn ahead(&self, pictures: &[usize]) {
        self.data.ahead(pictures);
    }
    fn skipped(&self) -> &[String] {
        self.data.skipped()
    }
}
