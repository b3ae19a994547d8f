//! What runs have in common, and the colour that stays with it.

use std::{cmp::Ordering, collections::BTreeMap};

use clip_lab_store::RunRow;

use crate::{
    palette::{COLOURS, REFERENCE},
    text::clean,
};

/// What makes runs a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum By {
    /// Nothing: every run for itself.
    #[default]
    Run,
    /// The arm of a study.
    Arm,
    /// The value of a setting, such as `model.image.plugin`.
    Setting(String),
}

impl By {
    /// What layouts and options say: `run`, `arm` or the key of a setting.
    pub fn read(text: &str) -> By {
        match text {
            "run" => By::Run,
            "arm" => By::Arm,
            key => By::Setting(key.to_string()),
        }
    }

    /// As [`By::read`] understands it.
    pub fn name(&self) -> &str {
        match self {
            By::Run => "run",
            By::Arm => "arm",
            By::Setting(key) => key,
        }
    }

    /// The name of the group of each run, in their order; none for a run that another of the same arm and seed has
    /// taken the place of, as a seed counts once. `setting` looks up a setting of a run, as the store has it.
    pub fn names(
        &self,
        runs: &[&RunRow],
        setting: impl Fn(&RunRow, &str) -> Option<String>,
    ) -> Vec<Option<String>> {
        let studies = runs.iter().any(|run| run.study != runs[0].study);
        runs.iter()
            .map(|run| match self {
                By::Run => Some(clean(&run.name)),
                By::Arm if run.arm.is_some() && runs.iter().any(|other| replaces(other, run)) => None,
                By::Arm => Some(arm(run, studies)),
                By::Setting(key) => Some(value(key, setting(run, key))),
            })
            .collect()
    }
}

/// Whether `later` is the same seed of the same arm, run again.
fn replaces(later: &RunRow, run: &RunRow) -> bool {
    let same = later.study == run.study && later.arm == run.arm && later.seed == run.seed;
    same && (later.started_ms, later.id) > (run.started_ms, run.id)
}

/// The arm; with its study where there are several, and the run's own name where it belongs to none.
fn arm(run: &RunRow, studies: bool) -> String {
    match (&run.arm, &run.study) {
        (Some(arm), Some(study)) if studies => clean(&format!("{study}/{arm}")),
        (Some(arm), _) => clean(arm),
        (None, _) => clean(&run.name),
    }
}

/// A word speaks for itself, a number needs the last part of its key.
fn value(key: &str, json: Option<String>) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    let text = json.unwrap_or_else(|| "not set".to_string());
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(word) => clean(word),
        None => clean(&format!("{last} {text}")),
    }
}

/// The colours of groups: each keeps the one that it got first, so that it is the same on every chart.
#[derive(Debug, Clone, Default)]
pub struct Colours {
    known: BTreeMap<String, usize>,
}

impl Colours {
    /// Gives every name a colour, numbers in the order of their size; the reference is grey and nothing else is.
    pub fn assign<'a>(&mut self, names: impl Iterator<Item = &'a str>, reference: Option<&str>) {
        let mut new: Vec<&str> = names.filter(|name| !self.known.contains_key(*name)).collect();
        new.sort_by(|a, b| natural(a, b));
        new.dedup();
        for name in new {
            let colour = if reference == Some(name) { REFERENCE } else { self.free() };
            self.known.insert(name.to_string(), colour);
        }
    }

    /// The colour of `name`.
    pub fn of(&self, name: &str) -> usize {
        self.known.get(name).copied().unwrap_or(0)
    }

    /// The first number that no group has. What comes after the palette has its colours again, in another line style.
    fn free(&self) -> usize {
        let taken = |colour: &usize| self.known.values().any(|known| known == colour);
        (0..).find(|colour| colour % COLOURS != REFERENCE && !taken(colour)).unwrap_or(0)
    }
}

/// By the words, then by the number at the end: `64`, `256`, `512`.
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
    fn values_say_what_they_are() {
        assert_eq!(value("model.image.plugin", Some("\"vit\"".to_string())), "vit");
        assert_eq!(value("optimizer.lr", Some("0.001".to_string())), "lr 0.001");
        assert_eq!(value("optimizer.lr", None), "lr not set");
        assert_eq!(By::read("optimizer.lr"), By::Setting("optimizer.lr".to_string()));
        assert_eq!(
            ["run", "arm", "loss.plugin"].map(|text| By::read(text).name().to_string()),
            ["run", "arm", "loss.plugin"]
        );
    }
}
