//! The pictures that choose and those that accuracy is told of: never the same.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_api::Dataset;
use plugins_eval::Pictures;

use super::pictures;
use crate::commands::{subject::Data, viewer::Viewer};

/// Two parts of a data set, or one that is halved.
pub struct Halves {
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

impl Halves {
    /// The parts called `select` and `report`. Where the data has one part only, it is halved.
    ///
    /// # Errors
    /// When the two are the same, or the data has others.
    pub fn of(data: Data, select: &str, report: &str) -> Result<Self> {
        ensure!(
            select != report,
            "--select {select} --report {report}: what chooses templates must not be what their accuracy is told of"
        );
        let Data { named, parts } = data;
        let mut parts: Vec<Part> =
            parts.into_iter().map(|(name, data)| Part { name, data: data.into() }).collect();
        let classes = parts.first().map_or(0, |part| part.data.classes().len());
        ensure!(classes > 1, "prompts need classes, and {named} has none");
        if parts.len() == 1 {
            let whole = parts.pop().context("the data has no part")?;
            return Ok(Self { named, parts: Parts::Halved(whole) });
        }
        let there: Vec<&str> = parts.iter().map(|part| part.name).collect();
        let there = there.join(", ");
        let mut take = |name: &str, flag: &str| match parts.iter().position(|part| part.name == name) {
            Some(place) => Ok(parts.remove(place)),
            None => bail!("{flag} {name}: the data has no such part; it has {there}"),
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

    /// What chooses and what reports, for people.
    pub fn words(&self) -> String {
        let named = &self.named;
        match &self.parts {
            Parts::Two { select, report } => format!(
                "{named}: {} ({} pictures) selects, {} ({}) reports",
                select.name,
                select.data.len(),
                report.name,
                report.data.len()
            ),
            Parts::Halved(whole) => format!(
                "{named} has one part, {}: a hash of the pictures' names makes one half of its {} pictures select and the \
                 other report",
                whole.name,
                whole.data.len()
            ),
        }
    }

    /// What the two are called.
    pub fn names(&self) -> [String; 2] {
        match &self.parts {
            Parts::Two { select, report } => [select.name.to_owned(), report.name.to_owned()],
            Parts::Halved(whole) => ["first", "second"].map(|half| format!("{half} half of {}", whole.name)),
        }
    }

    /// The data as it was named.
    pub fn named(&self) -> &str {
        &self.named
    }

    /// The classes.
    pub fn classes(&self) -> &[String] {
        match &self.parts {
            Parts::Two { select: part, .. } | Parts::Halved(part) => part.data.classes(),
        }
    }

    /// Both through the image tower, every picture once.
    ///
    /// # Errors
    /// When pictures have no classes, or a half is empty.
    pub fn look(&self, towers: &Viewer) -> Result<(Pictures, Pictures)> {
        let (select, report) = match &self.parts {
            Parts::Two { select, report } => {
                (pictures(towers, &select.data)?.0, pictures(towers, &report.data)?.0)
            }
            Parts::Halved(whole) => {
                let (all, names) = pictures(towers, &whole.data)?;
                let (first, second): (Vec<usize>, Vec<usize>) =
                    (0..names.len()).partition(|&index| in_first_half(&names[index]));
                (all.some(&first)?, all.some(&second)?)
            }
        };
        ensure!(
            select.labels.len() > 1 && report.labels.len() > 1,
            "too few pictures with a class: {} select and {} report",
            select.labels.len(),
            report.labels.len()
        );
        Ok((select, report))
    }
}

/// A matter of the name alone, so that other pictures move nothing.
fn in_first_half(name: &str) -> bool {
    blake3::hash(name.as_bytes()).as_bytes()[0] < 128
}
