//! Grouping of runs, and stable colours of groups.

use std::{cmp::Ordering, collections::BTreeMap};

use clip_lab_store::RunRow;

use crate::{
    palette::{COLOURS, REFERENCE},
    text::clean,
};

/// The grouping key of runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GroupBy {
    /// No grouping: every run is a curve.
    #[default]
    Run,
    /// By arm of a study.
    Arm,
    /// By the value of a setting, such as `model.image.plugin`.
    Setting(String),
}

impl GroupBy {
    /// Parses `run`, `arm` or the key of a setting.
    pub fn read(text: &str) -> GroupBy {
        match text {
            "run" => GroupBy::Run,
            "arm" => GroupBy::Arm,
            key => GroupBy::Setting(key.to_string()),
        }
    }

    /// The text that [`GroupBy::read`] parses.
    pub fn name(&self) -> &str {
        match self {
            GroupBy::Run => "run",
            GroupBy::Arm => "arm",
            GroupBy::Setting(key) => key,
        }
    }

    /// The group name of each run, in order; none for a run that was repeated with the same arm and seed, as a seed counts
    /// once. `setting` looks up a stored setting of a run.
    pub fn names(
        &self,
        runs: &[&RunRow],
        setting: impl Fn(&RunRow, &str) -> Option<String>,
    ) -> Vec<Option<String>> {
        let studies = runs.iter().any(|run| run.study != runs[0].study);
        runs.iter()
            .map(|run| match self {
                GroupBy::Run => Some(clean(&run.name)),
                GroupBy::Arm if run.arm.is_some() && runs.iter().any(|other| replaces(other, run)) => None,
                GroupBy::Arm => Some(arm(run, studies)),
                GroupBy::Setting(key) => Some(value(key, setting(run, key))),
            })
            .collect()
    }
}

/// Whether `later` repeats the arm and seed of `run`.
fn replaces(later: &RunRow, run: &RunRow) -> bool {
    let same = later.study == run.study && later.arm == run.arm && later.seed == run.seed;
    same && (later.started_ms, later.id) > (run.started_ms, run.id)
}

/// The arm, prefixed with the study if there are several; the run's name if it has no arm.
fn arm(run: &RunRow, studies: bool) -> String {
    match (&run.arm, &run.study) {
        (Some(arm), Some(study)) if studies => clean(&format!("{study}/{arm}")),
        (Some(arm), _) => clean(arm),
        (None, _) => clean(&run.name),
    }
}

/// Strings stand alone; numbers are prefixed with the last part of their key.
fn value(key: &str, json: Option<String>) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    let text = json.unwrap_or_else(|| "not set".to_string());
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(word) => clean(word),
        None => clean(&format!("{last} {text}")),
    }
}

/// Stable colours of groups: a group keeps its first colour on every chart.
#[derive(Debug, Clone, Default)]
pub struct Colours {
    assigned: BTreeMap<String, usize>,
}

impl Colours {
    /// Assigns a colour to every new name, in natural order; grey is reserved for the reference.
    pub fn assign<'a>(&mut self, names: impl Iterator<Item = &'a str>, reference: Option<&str>) {
        let mut new: Vec<&str> = names.filter(|name| !self.assigned.contains_key(*name)).collect();
        new.sort_by(|a, b| natural(a, b));
        new.dedup();
        for name in new {
            let colour = if reference == Some(name) { REFERENCE } else { self.free() };
            self.assigned.insert(name.to_string(), colour);
        }
    }

    /// The colour of `name`.
    pub fn of(&self, name: &str) -> usize {
        self.assigned.get(name).copied().unwrap_or(0)
    }

    /// The first unassigned index. Indices past the palette repeat its colours in another line style.
    fn free(&self) -> usize {
        let taken = |colour: &usize| self.assigned.values().any(|assigned| assigned == colour);
        (0..).find(|colour| colour % COLOURS != REFERENCE && !taken(colour)).unwrap_or(0)
    }
}

/// Natural order: by text, then by the trailing number: `64`, `256`, `512`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let part = |text: &str| {
        let at = text.rfind(' ').map_or(0, |at| at + 1);
        (text[..at].to_string(), text[at..].parse::<f64>().ok())
    };
    match (part(a), part(b)) {
        ((a0, Some(a1)), (b0, Some(b1))) if a0 == b0 => a1.total_cmp(&b1),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_their_colours_and_the_reference_is_grey() {
        let mut colours = Colours::default();
        colours.assign(["512", "64", "256", "64"].into_iter(), Some("256"));
        assert_eq!(["64", "256", "512"].map(|name| colours.of(name)), [0, REFERENCE, 1]);
        colours.assign(["128", "64"].into_iter(), Some("256"));
        assert_eq!(["64", "128", "512"].map(|name| colours.of(name)), [0, 2, 1]);
        colours.assign((0..20).map(|_| "x").chain(["a", "b", "c", "d", "e"]), None);
        let all = ["64", "128", "512", "a", "b", "c", "d", "e", "x"].map(|name| colours.of(name));
        assert!(all.iter().all(|colour| colour % COLOURS != REFERENCE), "{all:?}");
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len(), "{all:?}");
    }

    #[test]
    fn values_have_readable_names() {
        assert_eq!(value("model.image.plugin", Some("\"vit\"".to_string())), "vit");
        assert_eq!(value("optimizer.lr", Some("0.001".to_string())), "lr 0.001");
        assert_eq!(value("optimizer.lr", None), "lr not set");
        assert_eq!(GroupBy::read("optimizer.lr"), GroupBy::Setting("optimizer.lr".to_string()));
        assert_eq!(
            ["run", "arm", "loss.plugin"].map(|text| GroupBy::read(text).name().to_string()),
            ["run", "arm", "loss.plugin"]
        );
    }
}
