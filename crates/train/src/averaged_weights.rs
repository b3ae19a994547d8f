//! Raw weights and their moving average: both are evaluated, both are kept.

use anyhow::{Context as _, Result};
use clip_lab_plugin_api::State;
use tch::Tensor;

use super::components::Components;

/// Which weights are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsKind {
    /// Those that the optimizer updates.
    Raw,
    /// Those that a trick offers in their place.
    Ema,
}

impl WeightsKind {
    /// As the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Ema => "ema",
        }
    }

    /// What metric names have between split and suite.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Raw => "",
            Self::Ema => "ema/",
        }
    }

    /// What the best weights of the kind are called.
    pub fn best(self) -> &'static str {
        match self {
            Self::Raw => "best",
            Self::Ema => "best_ema",
        }
    }

    /// The metric `name`, which has its split first, of this kind of weights.
    pub fn metric(self, name: &str) -> String {
        match name.split_once('/') {
            Some((split, rest)) => format!("{split}/{}{rest}", self.prefix()),
            None => name.to_owned(),
        }
    }
}

impl Components {
    /// The kinds of weights that there are: the moving average only where a trick keeps one.
    pub fn kinds(&self) -> Vec<WeightsKind> {
        let shadow = self.shadow().map(|_| WeightsKind::Ema);
        std::iter::once(WeightsKind::Raw).chain(shadow).collect()
    }

    fn shadow(&self) -> Option<&State> {
        self.tricks.iter().find_map(|trick| trick.shadow())
    }

    /// Puts weights of a kind in place of the raw ones until the holder puts them back.
    ///
    /// # Errors
    /// When a trick offers a weight that the model does not have.
    pub fn hold(&self, kind: WeightsKind) -> Result<Held> {
        let (WeightsKind::Ema, Some(shadow)) = (kind, self.shadow()) else { return Ok(Held(Vec::new())) };
        let variables = self.vars.variables();
        let mut held = Vec::new();
        for (name, value) in shadow {
            let variable = variables.get(name).with_context(|| format!("the model has no `{name}`"))?;
            held.push((variable.shallow_clone(), variable.detach().copy()));
            put(variable, value)?;
        }
        Ok(Held(held))
    }
}

/// The raw weights, while others stand in their place.
#[must_use = "the raw weights must be put back"]
pub struct Held(Vec<(Tensor, Tensor)>);

impl Held {
    /// Puts the raw weights back.
    ///
    /// # Errors
    /// Those of libtorch.
    pub fn put_back(self) -> Result<()> {
        self.0.iter().try_for_each(|(variable, raw)| put(variable, raw))
    }
}

fn put(variable: &Tensor, value: &Tensor) -> Result<()> {
    tch::no_grad(|| variable.shallow_clone().f_copy_(value).map(drop))?;
    Ok(())
}
