//! `model.lock`: reads LiT's letters and applies them.

use clip_lab_plugin_api::{
    Planned, Section, Trick,
    diagnostics::{Place, Problem},
};
use serde_json::Value;
use toml::de::DeTable;

use super::{
    checkpoints::{Imported, Part},
    letters::{Letter, Lock},
    planner::Planner,
};

impl Planner<'_> {
    /// Reads `model.lock`, which is optional; `towers` is the number of towers trained.
    pub(super) fn read_lock(&mut self, towers: usize) {
        let Some(mut section) = self.tables.single_key("model", "lock") else { return };
        let place = section.place_of("lock");
        let value = match section.take::<String>("lock") {
            Ok(value) => value.unwrap_or_default(),
            Err(problem) => return self.problems.push(problem),
        };
        self.record(&section, "lock", &Value::from(value.as_str()));
        let letters: Option<Vec<Letter>> = value.chars().map(Letter::read).collect();
        match letters.as_deref() {
            Some([image]) if towers == 1 => self.lock = Some(Lock { image: *image, text: None, place }),
            Some([image, text]) if towers == 2 => {
                self.lock = Some(Lock { image: *image, text: Some(*text), place });
            }
            _ => self.problems.push(invalid_letters(&value, towers, place)),
        }
    }

    /// Applies a tower's letter to the import of its `from`. None after a problem.
    pub(super) fn apply_lock(&mut self, part: Part, imported: Imported) -> Option<Imported> {
        let Some(lock) = self.lock.clone() else { return Some(imported) };
        match lock.letter(part) {
            Some(Letter::Random) => Some(Imported { weights: None, ..imported }),
            Some(Letter::Locked | Letter::Unlocked) if imported.weights.is_none() => {
                let message =
                    format!("model.lock: [{}] must be pretrained, but it has no `from`", part.table());
                let problem = Problem::at(lock.place, message);
                self.fail(vec![problem.help("name a checkpoint with `from`, or use `u` (unlocked, random)")])
            }
            _ => Some(imported),
        }
    }

    /// A `freeze` trick for the towers with the letter `L`.
    pub(super) fn lock_trick(&mut self) -> Option<Planned<dyn Trick>> {
        let lock = self.lock.clone()?;
        let towers = [("image", Some(lock.image)), ("text", lock.text)];
        let locked = towers.iter().filter(|(_, letter)| *letter == Some(Letter::Locked));
        let locked: Vec<toml::Value> = locked.map(|(tower, _)| toml::Value::from(*tower)).collect();
        if locked.is_empty() {
            return None;
        }
        let mut section = Section::new("model.lock", lock.place.clone(), DeTable::new());
        let settings = [("plugin".to_owned(), "freeze".into()), ("params".to_owned(), locked.into())];
        let filled = section.fill(&toml::Table::from_iter(settings), &lock.place);
        let planned = filled.map_err(|problem| vec![problem]);
        match planned.and_then(|()| self.catalog.trick.plan(section)) {
            Ok(trick) => Some(trick),
            Err(problems) => self.fail(problems),
        }
    }
}

fn invalid_letters(value: &str, towers: usize, place: Place) -> Problem {
    let expected = match towers {
        1 => "one letter for the image tower".to_owned(),
        _ => "two letters, image tower then text tower".to_owned(),
    };
    Problem::at(place, format!("model.lock = \"{value}\": must be {expected}"))
        .help("L: locked, pretrained; U: unlocked, pretrained; u: unlocked, random; LiT is \"LU\" or \"Lu\"")
}
