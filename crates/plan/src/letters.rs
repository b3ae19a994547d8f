//! LiT's letters: which towers are pretrained, and which are trained.

use clip_lab_plugin_api::diagnostics::Place;

use super::checkpoints::Part;

/// How a tower is initialised and whether it is trained, in the letters of LiT (<https://arxiv.org/abs/2111.07991>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    /// `L`: locked, from pretrained weights.
    Locked,
    /// `U`: unlocked, from pretrained weights.
    Unlocked,
    /// `u`: unlocked, random; only the settings of `from` are used.
    Random,
}

impl Letter {
    /// The letter `L`, `U` or `u`.
    pub(super) fn read(letter: char) -> Option<Self> {
        match letter {
            'L' => Some(Self::Locked),
            'U' => Some(Self::Unlocked),
            'u' => Some(Self::Random),
            _ => None,
        }
    }
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
