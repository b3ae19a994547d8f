//! Known mistakes: each a sentence, and where in the spec it comes from.

mod checkpoint;
mod loss;
mod weights;

use std::fmt;

use serde::Serialize;

use super::Landmarks;
use crate::{
    plan::Plan,
    train::{Feed, Rig},
};

/// Something that will run and is probably not meant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warning {
    /// Where the setting comes from: `FILE:LINE`, `default`, `override` or `checkpoint`; none where there is no setting.
    pub at: Option<String>,
    /// What is odd, why it matters and what to do.
    pub words: String,
}

impl Warning {
    /// A warning about the setting `key` of a plan.
    fn about(plan: &Plan, key: &str, words: impl Into<String>) -> Self {
        let setting = plan.config.iter().find(|setting| setting.key == key);
        Self { at: setting.map(|setting| setting.origin.clone()), words: words.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) if at.contains(':') => write!(f, "{at}: {}", self.words),
            _ => write!(f, "{}", self.words),
        }
    }
}

/// Everything odd about a plan.
pub(super) fn find(plan: &Plan, feed: &Feed, rig: &Rig, landmarks: Option<&Landmarks>) -> Vec<Warning> {
    let mut found = checkpoint::warnings(plan);
    found.extend(loss::warnings(plan, feed, landmarks));
    found.extend(weights::warnings(plan, rig));
    found
}
