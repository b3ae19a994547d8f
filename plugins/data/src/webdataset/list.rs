//! Which shards, and of which source.

use std::collections::HashSet;

use anyhow::{Result, ensure};
use clip_lab_shards::{Place, places};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shards, as a spec names them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a path or address of shards, or a list of them or of tables { path, weight }")]
pub enum ShardList {
    /// One pattern.
    One(String),
    /// Several.
    Several(Vec<Source>),
}

/// Shards that are mixed with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a path or address of shards, or a table { path, weight }")]
pub enum Source {
    /// A pattern; it weighs what its images are.
    Plain(String),
    /// A pattern and its weight.
    Weighted {
        /// A path or address with brace patterns, or a folder of shards.
        path: String,
        /// How much of an epoch it is, beside the weights of the others.
        weight: f64,
    },
}

impl Default for ShardList {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl ShardList {
    /// The shards of each source in order.
    ///
    /// # Errors
    /// When a pattern is none, or a shard is named twice.
    pub fn places(&self) -> Result<Vec<Vec<Place>>> {
        let sources: Vec<Vec<Place>> = match self {
            Self::One(pattern) => vec![places(pattern)?],
            Self::Several(sources) => {
                sources.iter().map(|source| places(source.path())).collect::<Result<_>>()?
            }
        };
        let mut seen = HashSet::new();
        for place in sources.iter().flatten() {
            ensure!(seen.insert(place), "{place} is named twice; `weight` says how often a source comes");
        }
        Ok(sources)
    }

    /// The weights, if there are any.
    pub fn weights(&self) -> Option<Vec<f64>> {
        match self {
            Self::One(_) => None,
            Self::Several(sources) => sources.iter().map(Source::weight).collect(),
        }
    }

    /// Whether all have a weight that can be, or none has one.
    pub fn weights_fit(&self) -> bool {
        let Self::Several(sources) = self else { return true };
        let weights: Vec<f64> = sources.iter().filter_map(Source::weight).collect();
        (weights.is_empty() || weights.len() == sources.len())
            && weights.iter().all(|weight| weight.is_finite() && *weight > 0.0)
    }
}

impl Source {
    fn path(&self) -> &str {
        match self {
            Self::Plain(path) | Self::Weighted { path, .. } => path,
        }
    }

    fn weight(&self) -> Option<f64> {
        match self {
            Self::Plain(_) => None,
            Self::Weighted { weight, .. } => Some(*weight),
        }
    }
}
