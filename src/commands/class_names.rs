//! A data set with renamed or renumbered classes.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clip_lab_files::{MIB, read_text_capped};
use clip_lab_plugin_api::{Dataset, Image, few};
use plugins_data::Names;

/// Size limit of a file of class names.
const MAX_NAMES_FILE: u64 = 64 * MIB;

/// A data set with other class names or class indices.
pub struct Renamed {
    data: Box<dyn Dataset>,
    classes: Vec<String>,
    /// The index in `classes` of each class of the data.
    numbers: Vec<usize>,
}

impl Renamed {
    /// `data` with the class names in `file`: TOML with `class = "name"` for some classes, or text with one name per line
    /// for all.
    ///
    /// # Errors
    /// If the file cannot be read, or its names do not match the classes.
    pub fn new(data: Box<dyn Dataset>, file: &Path) -> Result<Self> {
        let classes = read(file)?.of(data.classes()).with_context(|| file.display().to_string())?;
        Ok(Self { numbers: (0..classes.len()).collect(), data, classes })
    }

    /// `data` with the class indices of a model trained on `classes`. The data may have fewer classes.
    ///
    /// # Errors
    /// If the data has a class that the model was not trained on.
    pub fn renumbered(data: Box<dyn Dataset>, classes: &[String]) -> Result<Self> {
        let number = |class: &String| {
            let Some(number) = classes.iter().position(|name| name == class) else {
                bail!(
                    "the model was not trained on the class `{class}`, only on {}. Map the data's classes to the model's with \
                     --classes FILE: `{class} = \"NAME\"`",
                    few(classes, ", ")
                )
            };
            Ok(number)
        };
        let numbers = data.classes().iter().map(number).collect::<Result<_>>()?;
        Ok(Self { data, classes: classes.to_vec(), numbers })
    }
}

fn read(file: &Path) -> Result<Names> {
    let text =
        read_text_capped(file, MAX_NAMES_FILE).with_context(|| format!("reading {}", file.display()))?;
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
    fn image(&self, index: usize) -> Result<Image> {
        self.data.image(index)
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
        self.data.class(index).map(|class| self.numbers[class])
    }
    fn fingerprint(&self) -> String {
        self.data.fingerprint()
    }
    fn prefetch(&self, images: &[usize]) {
        self.data.prefetch(images);
    }
    fn skipped(&self) -> &[String] {
        self.data.skipped()
    }
    fn tolerate(&self) -> f64 {
        self.data.tolerate()
    }
}
