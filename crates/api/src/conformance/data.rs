//! Checks of data sets.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};

use crate::{DataFacts, Dataset};

/// Images that are decoded; a data set may have very many.
const LOOKED_AT: usize = 8;

/// Checks a data set: images that decode and are the same each time, classes that exist, names of their own, counts as
/// it says, and one fingerprint however often it is opened.
///
/// # Errors
/// Says what does not hold.
pub fn dataset(open: &dyn Fn() -> Result<Box<dyn Dataset>>, facts: &DataFacts) -> Result<()> {
    let (data, again) = (open()?, open()?);
    ensure!(!data.is_empty(), "it has no pictures");
    ensure!(data.fingerprint() == again.fingerprint(), "opened twice, it has two fingerprints");
    ensure!(!data.fingerprint().trim().is_empty(), "its fingerprint is empty");
    let pictures = facts.pictures.unwrap_or(data.len());
    ensure!(pictures == data.len(), "facts() says {pictures} pictures, and there are {}", data.len());
    let captions: usize = (0..data.len()).map(|index| data.captions(index).len()).sum();
    let said = facts.captions.unwrap_or(captions);
    ensure!(said == captions, "facts() says {said} captions, and there are {captions}");
    let names: BTreeSet<String> = (0..data.len()).map(|index| data.name(index)).collect();
    ensure!(names.len() == data.len(), "{} pictures have {} names", data.len(), names.len());
    for index in 0..data.len() {
        let blank = data.captions(index).iter().any(|caption| caption.trim().is_empty());
        ensure!(!blank, "{} has an empty caption", data.name(index));
        let class = data.class(index);
        let fits = class.is_none_or(|class| class < data.classes().len());
        ensure!(fits, "{} is of class {class:?}, and there are {}", data.name(index), data.classes().len());
    }
    for index in (0..data.len()).step_by((data.len() / LOOKED_AT).max(1)) {
        let name = || data.name(index);
        let picture = data.picture(index)?.decode().with_context(name)?;
        ensure!(picture.width() > 0 && picture.height() > 0, "{} is empty", data.name(index));
        ensure!(picture == again.picture(index)?.decode()?, "{} decodes to two pictures", data.name(index));
    }
    Ok(())
}
