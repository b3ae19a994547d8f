//! `from`: imports towers, projections, tokenizer, loss and preprocessing from a checkpoint.

use clip_lab_checkpoint::{Import, Weights};
use clip_lab_plugin_api::{
    Section,
    diagnostics::{Place, Problem},
};
use serde_json::Value;

use super::{
    checkpoints::{Imported, Part},
    planner::Planner,
};

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
