//! What the image tower is trained for.

use crate::{classifier::Classifier, towers::TextTower};

/// The training objective of the image tower.
pub enum Objective {
    /// Captions, embedded by a text tower.
    Texts(TextTower),
    /// Classes, predicted by a classifier.
    Classes(Classifier),
}

impl Objective {
    /// The text tower, if there is one.
    pub fn texts(&self) -> Option<&TextTower> {
        match self {
            Self::Texts(tower) => Some(tower),
            Self::Classes(_) => None,
        }
    }
}
