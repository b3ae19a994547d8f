//! `from`: imports towers, projections, tokenizer, loss and preprocessing from a checkpoint.

use std::{collections::BTreeMap, rc::Rc};

use anyhow::{Result, anyhow};
pub use clip_lab_checkpoint::Weights;
use clip_lab_checkpoint::{Checkpoint, Import, open};
use clip_lab_plugin_api::{
    Section,
    problem::{Place, Problem},
};
use serde_json::Value;

use super::planner::Planner;

/// A part of a model that a checkpoint may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Image,
    Text,
    ImageProjection,
    TextProjection,
    Tokenizer,
    Loss,
}

impl Part {
    /// The table that the part fills.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Image => "model.image",
            Self::Text => "model.text",
            Self::ImageProjection => "model.image_projection",
            Self::TextProjection => "model.text_projection",
            Self::Tokenizer => "tokenizer",
            Self::Loss => "loss",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Image => "image encoder",
            Self::Text => "text encoder",
            Self::ImageProjection => "image projection",
            Self::TextProjection => "text projection",
            Self::Tokenizer => "tokenizer",
            Self::Loss => "loss",
        }
    }

    fn of(self, checkpoint: &Checkpoint) -> Result<Option<Import>> {
        match self {
            Self::Image => checkpoint.image(),
            Self::Text => checkpoint.text(),
            Self::ImageProjection => checkpoint.image_projection(),
            Self::TextProjection => checkpoint.text_projection(),
            Self::Tokenizer => checkpoint.tokenizer(),
            Self::Loss => checkpoint.loss(),
        }
    }
}

/// The import of `from`, besides the settings.
#[derive(Debug, Default)]
pub(super) struct Imported {
    /// The value of `from` and its place; none if it is not set.
    pub(super) from: Option<(String, Place)>,
    /// The weights; none for a part without weights.
    pub(super) weights: Option<Weights>,
}

/// Checkpoints by the value of `from`, each opened once.
#[derive(Default)]
pub(super) struct Checkpoints(BTreeMap<String, Rc<Result<Checkpoint>>>);

impl Checkpoints {
    fn open(&mut self, from: &str) -> Rc<Result<Checkpoint>> {
        self.0.entry(from.to_owned()).or_insert_with(|| Rc::new(open(from))).clone()
    }

    fn part(&mut self, from: &str, part: Part) -> Result<Import> {
        match self.open(from).as_ref() {
            Ok(checkpoint) => {
                part.of(checkpoint)?.ok_or_else(|| anyhow!("`{from}` holds no {}", part.label()))
            }
            Err(error) => Err(anyhow!("{error:#}")),
        }
    }

    /// The checkpoint's `[preprocess]` settings for a tower of `image_size` pixels.
    pub(super) fn preprocess(&mut self, from: &str, image_size: Option<i64>) -> Result<toml::Table, String> {
        let preprocess = match self.open(from).as_ref() {
            Ok(checkpoint) => checkpoint.preprocess().map_err(|error| format!("{error:#}"))?,
            Err(error) => return Err(format!("{error:#}")),
        };
        let Some(preprocess) = preprocess else { return Ok(toml::Table::new()) };
        let mut keys = preprocess.settings();
        // The resize margin before the crop applies only at the checkpoint's own image size.
        if preprocess.size != preprocess.crop && Some(preprocess.crop) == image_size {
            keys.insert("resized".into(), preprocess.size.into());
        }
        Ok(keys)
    }
}

impl Planner<'_> {
    /// Removes `from` from a table and fills the table from that checkpoint. None after a problem.
    pub(super) fn import(&mut self, section: &mut Section, part: Part) -> Option<Imported> {
        let place = section.place_of("from");
        let from = match section.take::<String>("from") {
            Ok(Some(from)) => from,
            Ok(None) => return Some(Imported::default()),
            Err(problem) => return self.fail(vec![problem]),
        };
        self.record(section, "from", &Value::from(from.as_str()));
        let weights = self.import_from(section, part, &from, &place)?;
        Some(Imported { from: Some((from, place)), weights })
    }

    /// Fills a table from the `part` of the checkpoint `from`. None after a problem.
    pub(super) fn import_from(
        &mut self,
        section: &mut Section,
        part: Part,
        from: &str,
        place: &Place,
    ) -> Option<Option<Weights>> {
        let filled = match self.checkpoints.part(from, part) {
            Ok(import) => fill(section, import, place),
            Err(error) => Err(Problem::at(place.clone(), format!("[{}]: {error:#}", section.name))),
        };
        match filled {
            Ok(weights) => Some(weights),
            Err(problem) => self.fail(vec![problem]),
        }
    }
}

/// Fills missing keys; a plugin named in the spec must match the checkpoint's.
fn fill(section: &mut Section, import: Import, place: &Place) -> Result<Option<Weights>, Problem> {
    if let Some(named) = section.clone().take::<String>("plugin")?
        && named != import.plugin
    {
        let message =
            format!("[{}].plugin: the checkpoint is a `{}`, not a `{named}`", section.name, import.plugin);
        let problem = Problem::at(section.place_of("plugin"), message);
        return Err(problem
            .also(place.clone(), "from here")
            .help("remove `plugin`, or name another checkpoint"));
    }
    let missing = import.needs.iter().find(|key| !section.has(key));
    if let Some(key) = missing {
        let message = format!("[{}].{key}: missing in the checkpoint", section.name);
        return Err(Problem::at(place.clone(), message).help(format!("set `{key}` in [{}]", section.name)));
    }
    let mut settings = import.settings;
    settings.insert("plugin".into(), import.plugin.into_owned().into());
    section.fill(&settings, place)?;
    Ok(import.weights)
}
