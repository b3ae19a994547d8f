//! `model.lock`: LiT's letters for what is pretrained and what learns.

use clip_lab_api::{
    Planned, Section, Trick,
    problem::{Place, Problem},
};
use serde_json::Value;
use toml::de::DeTable;

use super::{
    from::{Imported, Part},
    planner::Planner,
};

/// How a tower starts and whether it learns, in the letters of LiT (<https://arxiv.org/abs/2111.07991>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    /// `L`: locked, from pretrained weights.
    Locked,
    /// `U`: unlocked, from pretrained weights.
    Unlocked,
    /// `u`: unlocked, random; of `from` only the settings are taken.
    Random,
}

/// The letters of a spec: image tower, then text tower.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    pub(super) image: Letter,
    pub(super) text: Option<Letter>,
    pub(super) place: Place,
}

impl Lock {
    /// The letter of a part that is a tower.
    pub(super) fn letter(&self, part: Part) -> Option<Letter> {
        match part {
            Part::Image => Some(self.image),
            Part::Text => self.text,
            _ => None,
        }
    }
}

impl Planner<'_> {
    /// Reads `model.lock`, which a spec may leave out; `towers` is how many the model trains.
    pub(super) fn read_lock(&mut self, towers: usize) {
        let Some(mut section) = self.tables.lone("model", "lock") else { return };
        let place = section.place_of("lock");
        let word = match section.take::<String>("lock") {
            Ok(word) => word.unwrap_or_default(),
            Err(problem) => return self.problems.push(problem),
        };
        self.record(&section, "lock", &Value::from(word.as_str()));
        let letters: Option<Vec<Letter>> = word.chars().map(letter).collect();
        match letters.as_deref() {
            Some([image]) if towers == 1 => self.lock = Some(Lock { image: *image, text: None, place }),
            Some([image, text]) if towers == 2 => {
                self.lock = Some(Lock { image: *image, text: Some(*text), place });
            }
            _ => self.problems.push(misspelt(&word, towers, place)),
        }
    }

    /// What a tower's letter makes of what its `from` brought. None after a problem.
    pub(super) fn follow_lock(&mut self, part: Part, imported: Imported) -> Option<Imported> {
        let Some(lock) = self.lock.clone() else { return Some(imported) };
        match lock.letter(part) {
            Some(Letter::Random) => Some(Imported { weights: None, ..imported }),
            Some(Letter::Locked | Letter::Unlocked) if imported.weights.is_none() => {
                let words =
                    format!("model.lock says that [{}] is pretrained, but it has no `from`", part.table());
                let problem = Problem::at(lock.place, words);
                self.fail(vec![problem.help("name a checkpoint with `from`, or write `u`: unlocked, random")])
            }
            _ => Some(imported),
        }
    }

    /// The towers with the letter `L`, as the `freeze` trick would be written for them.
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
        section.fill(&toml::Table::from_iter(settings), &lock.place);
        match self.catalog.trick.plan(section) {
            Ok(trick) => Some(trick),
            Err(problems) => self.fail(problems),
        }
    }
}

fn letter(letter: char) -> Option<Letter> {
    match letter {
        'L' => Some(Letter::Locked),
        'U' => Some(Letter::Unlocked),
        'u' => Some(Letter::Random),
        _ => None,
    }
}

fn misspelt(word: &str, towers: usize, place: Place) -> Problem {
    let expected = match towers {
        1 => "one letter for the image tower".to_owned(),
        _ => "two letters, image tower then text tower".to_owned(),
    };
    Problem::at(place, format!("model.lock = \"{word}\": write {expected}"))
        .help("L is locked and pretrained, U unlocked and pretrained, u unlocked and random; LiT is \"LU\" or \"Lu\"")
}
