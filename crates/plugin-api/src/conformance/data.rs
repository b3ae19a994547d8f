//! Checks of data sets.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};

use crate::{DataProperties, Dataset};

/// Images decoded; a data set may be very large.
const DECODED: usize = 8;

/// Checks a data set: images that decode reproducibly, valid classes, unique names, counts as declared, and the same
/// fingerprint each time it is opened.
///
/// # Errors
/// Names the failed check.
pub fn dataset(open: &dyn Fn() -> Result<Box<dyn Dataset>>, properties: &DataProperties) -> Result<()> {
    let (data, again) = (open()?, open()?);
    ensure!(!data.is_empty(), "it has no images");
    ensure!(data.fingerprint() == again.fingerprint(), "its fingerprint differs when it is opened again");
    ensure!(!data.fingerprint().trim().is_empty(), "its fingerprint is empty");
    let images = properties.images.unwrap_or(data.len());
    ensure!(images == data.len(), "properties() declares {images} images, but there are {}", data.len());
    let captions: usize = (0..data.len()).map(|index| data.captions(index).len()).sum();
    let declared = properties.captions.unwrap_or(captions);
    ensure!(declared == captions, "properties() declares {declared} captions, but there are {captions}");
    let names: BTreeSet<String> = (0..data.len()).map(|index| data.name(index)).collect();
    ensure!(names.len() == data.len(), "{} images have {} distinct names", data.len(), names.len());
    for index in 0..data.len() {
        let blank = data.captions(index).iter().any(|caption| caption.trim().is_empty());
        ensure!(!blank, "{} has an empty caption", data.name(index));
        let class = data.class(index);
        let fits = class.is_none_or(|class| class < data.classes().len());
        ensure!(fits, "{} has class {class:?}, but there are {}", data.name(index), data.classes().len());
    }
    for index in (0..data.len()).step_by((data.len() / DECODED).max(1)) {
        let name = || data.name(index);
        let image = data.image(index)?.decode().with_context(name)?;
        ensure!(image.width() > 0 && image.height() > 0, "{} is empty", data.name(index));
        ensure!(
            image == again.image(index)?.decode()?,
            "{} decodes differently when read again",
            data.name(index)
        );
    }
    Ok(())
}
