//! Raw weights and their exponential moving average: both are evaluated and saved.

use anyhow::{Context as _, Result};
use clip_lab_plugin_api::State;
use tch::Tensor;

use super::components::Components;

/// Which weights are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsKind {
    /// The weights that the optimizer updates.
    Raw,
    /// The averaged weights of a trick.
    Ema,
}

impl WeightsKind {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Ema => "ema",
        }
    }

    /// The part of a metric name between split and suite.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Raw => "",
            Self::Ema => "ema/",
        }
    }

    /// File stem of the best weights of this kind.
    pub fn best(self) -> &'static str {
        match self {
            Self::Raw => "best",
            Self::Ema => "best_ema",
        }
    }

    /// The metric `name` (`SPLIT/...`) for this kind of weights.
    pub fn metric(self, name: &str) -> String {
        match name.split_once('/') {
            Some((split, rest)) => format!("{split}/{}{rest}", self.prefix()),
            None => name.to_owned(),
        }
    }
}

impl Components {
    /// The available kinds of weights: the moving average only if a trick maintains one.
    pub fn kinds(&self) -> Vec<WeightsKind> {
        let averaged = self.averaged().map(|_| WeightsKind::Ema);
        std::iter::once(WeightsKind::Raw).chain(averaged).collect()
    }

    fn averaged(&self) -> Option<&State> {
        self.tricks.iter().find_map(|trick| trick.averaged_weights())
    }

    /// Replaces the raw weights by those of `kind` until they are restored.
    ///
    /// # Errors
    /// If a trick averages a weight that the model does not have.
    pub fn swap_in(&self, kind: WeightsKind) -> Result<RawWeights> {
        let (WeightsKind::Ema, Some(averaged)) = (kind, self.averaged()) else {
            return Ok(RawWeights(Vec::new()));
        };
        let variables = self.vars.variables();
        let mut raw = Vec::new();
        for (name, value) in averaged {
            let variable = variables.get(name).with_context(|| format!("the model has no `{name}`"))?;
            raw.push((variable.shallow_clone(), variable.detach().copy()));
            assign(variable, value)?;
        }
        Ok(RawWeights(raw))
    }
}

/// A copy of the raw weights while the model holds others.
#[must_use = "the raw weights must be restored"]
pub struct RawWeights(Vec<(Tensor, Tensor)>);

impl RawWeights {
    /// Writes the raw weights back into the model.
    ///
    /// # Errors
    /// If libtorch cannot copy a tensor.
    pub fn restore(self) -> Result<()> {
        self.0.iter().try_for_each(|(variable, raw)| assign(variable, raw))
    }
}

fn assign(variable: &Tensor, value: &Tensor) -> Result<()> {
    tch::no_grad(|| variable.shallow_clone().f_copy_(value).map(drop))?;
    Ok(())
}
