//! Warnings about likely problems, each with the place of the setting.

mod checkpoint;
mod loss;
mod precision;
mod weights;

use std::fmt;

use serde::Serialize;

use super::ReferenceLosses;
use crate::{
    plan::Plan,
    train::{Components, Inputs},
};

/// A setting that is valid but probably not intended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warning {
    /// Origin of the setting: `FILE:LINE`, `default`, `override` or `checkpoint`; none without a setting.
    pub at: Option<String>,
    /// What is wrong, why it matters and what to do.
    #[serde(rename = "words")]
    pub message: String,
}

impl Warning {
    /// A warning about the setting `key` of a plan.
    fn about(plan: &Plan, key: &str, message: impl Into<String>) -> Self {
        let setting = plan.config.iter().find(|setting| setting.key == key);
        Self { at: setting.map(|setting| setting.origin.clone()), message: message.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) if at.contains(':') => write!(f, "{at}: {}", self.message),
            _ => write!(f, "{}", self.message),
        }
    }
}

/// All warnings of a plan.
pub(super) fn find(
    plan: &Plan,
    inputs: &Inputs,
    components: &Components,
    losses: Option<&ReferenceLosses>,
) -> Vec<Warning> {
    let mut found = checkpoint::warnings(plan);
    found.extend(loss::warnings(plan, inputs, losses));
    found.extend(weights::warnings(plan, components));
    found.extend(precision::warnings(plan));
    found
}
