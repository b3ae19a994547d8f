//! The setting `shards`: patterns of shards and their weights.

use std::collections::HashSet;

use anyhow::{Result, ensure};
use clip_lab_shards::{Location, locations};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The shards of a spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "must be a path or URL of shards, a list of them, or a list of tables { path, weight }"
)]
pub enum ShardList {
    /// One pattern.
    One(String),
    /// Several.
    Several(Vec<Source>),
}

/// One of several sources of shards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be a path or URL of shards, or a table { path, weight }")]
pub enum Source {
    /// A pattern; its weight is its number of images.
    Plain(String),
    /// A pattern and its weight.
    Weighted {
        /// A path or URL with brace patterns, or a folder of shards.
        path: String,
        /// Share of an epoch, relative to the weights of the other sources.
        weight: f64,
    },
}

impl Default for ShardList {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl ShardList {
    /// The shards of each source, in order.
    ///
    /// # Errors
    /// If a pattern is invalid, or a shard is named twice.
    pub fn locations(&self) -> Result<Vec<Vec<Location>>> {
        let sources: Vec<Vec<Location>> = match self {
            Self::One(pattern) => vec![locations(pattern)?],
            Self::Several(sources) => {
                sources.iter().map(|source| locations(source.path())).collect::<Result<_>>()?
            }
        };
        let mut seen = HashSet::new();
        for location in sources.iter().flatten() {
            ensure!(seen.insert(location), "{location} is named twice; use `weight` to repeat a source");
        }
        Ok(sources)
    }

    /// The weights, if any.
    pub fn weights(&self) -> Option<Vec<f64>> {
        match self {
            Self::One(_) => None,
            Self::Several(sources) => sources.iter().map(Source::weight).collect(),
        }
    }

    /// Whether all sources have a valid weight, or none has one.
    pub fn weights_are_valid(&self) -> bool {
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
