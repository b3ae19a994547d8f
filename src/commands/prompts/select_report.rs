//! Disjoint images for selecting templates and for reporting their accuracy.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_plugin_api::Dataset;
use plugins_eval::Images;

use super::embed_images;
use crate::commands::{embedder::Embedder, eval_data::EvalData};

/// A selection and a report split: two splits of a data set, or the halves of one.
pub struct SelectReport {
    named: String,
    parts: Parts,
}

enum Parts {
    Two { select: Part, report: Part },
    Halved(Part),
}

struct Part {
    name: &'static str,
    data: Arc<dyn Dataset>,
}

impl SelectReport {
    /// The splits called `select` and `report`; data with a single split is halved.
    ///
    /// # Errors
    /// If the two are the same, or the data does not have them.
    pub fn of(data: EvalData, select: &str, report: &str) -> Result<Self> {
        ensure!(
            select != report,
            "--select {select} --report {report}: templates must be selected and reported on different splits"
        );
        let EvalData { named, parts } = data;
        let mut parts: Vec<Part> =
            parts.into_iter().map(|(name, data)| Part { name, data: data.into() }).collect();
        let classes = parts.first().map_or(0, |part| part.data.classes().len());
        ensure!(classes > 1, "prompts need classes, and {named} has none");
        if parts.len() == 1 {
            let whole = parts.pop().context("the data has no split")?;
            return Ok(Self { named, parts: Parts::Halved(whole) });
        }
        let available: Vec<&str> = parts.iter().map(|part| part.name).collect();
        let available = available.join(", ");
        let mut take = |name: &str, flag: &str| match parts.iter().position(|part| part.name == name) {
            Some(index) => Ok(parts.remove(index)),
            None => bail!("{flag} {name}: the data has no such split; it has {available}"),
        };
        let (select, report) = (take(select, "--select")?, take(report, "--report")?);
        ensure!(
            select.data.classes() == report.data.classes(),
            "{} and {} have different classes",
            select.name,
            report.name
        );
        Ok(Self { named, parts: Parts::Two { select, report } })
    }

    /// A description of the two splits.
    pub fn description(&self) -> String {
        let named = &self.named;
        match &self.parts {
            Parts::Two { select, report } => format!(
                "{named}: selecting on {} ({} images), reporting on {} ({})",
                select.name,
                select.data.len(),
                report.name,
                report.data.len()
            ),
            Parts::Halved(whole) => format!(
                "{named} has one split, {}, of {} images: it is halved by a hash of the image names, for selecting and reporting",
                whole.name,
                whole.data.len()
            ),
        }
    }

    /// Names of the two splits.
    pub fn names(&self) -> [String; 2] {
        match &self.parts {
            Parts::Two { select, report } => [select.name.to_owned(), report.name.to_owned()],
            Parts::Halved(whole) => ["first", "second"].map(|half| format!("{half} half of {}", whole.name)),
        }
    }

    /// The data as the user named it.
    pub fn named(&self) -> &str {
        &self.named
    }

    /// The classes.
    pub fn classes(&self) -> &[String] {
        match &self.parts {
            Parts::Two { select: part, .. } | Parts::Halved(part) => part.data.classes(),
        }
    }

    /// Embeds both splits, each image once.
    ///
    /// # Errors
    /// If the images have no classes, or a split has fewer than two images.
    pub fn embed(&self, model: &Embedder) -> Result<(Images, Images)> {
        let (select, report) = match &self.parts {
            Parts::Two { select, report } => {
                (embed_images(model, &select.data)?.0, embed_images(model, &report.data)?.0)
            }
            Parts::Halved(whole) => {
                let (all, names) = embed_images(model, &whole.data)?;
                let (first, second): (Vec<usize>, Vec<usize>) =
                    (0..names.len()).partition(|&index| in_first_half(&names[index]));
                (all.some(&first)?, all.some(&second)?)
            }
        };
        ensure!(
            select.labels.len() > 1 && report.labels.len() > 1,
            "too few images with a class: {} to select on and {} to report on",
            select.labels.len(),
            report.labels.len()
        );
        Ok((select, report))
    }
}

/// Depends on the name only, so that adding images does not move others.
fn in_first_half(name: &str) -> bool {
    blake3::hash(name.as_bytes()).as_bytes()[0] < 128
}
