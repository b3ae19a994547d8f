//! What a plan will cost and what is probably a mistake in it, before anything is trained.
//!
//! The model is built on the processor with random weights, and one training step of two made-up items is counted and
//! measured. Of the data only the lists are read.

mod cost;
mod loss;
mod made_up;
mod memory;
mod mistakes;
mod tell;

use anyhow::Result;
use serde::Serialize;
use tch::Device;

use crate::{
    model::Start,
    plan::Plan,
    train::{Feed, Rig, resident_memory},
};

pub use cost::{Cost, Part};
pub use loss::{Landmarks, landmarks};
pub use memory::Memory;
pub use mistakes::Warning;

/// What is known of a run before it runs.
#[derive(Debug, Serialize)]
pub struct Preflight {
    /// What it costs.
    #[serde(flatten)]
    pub cost: Cost,
    /// Updates of the weights.
    pub updates: u64,
    /// Items in an update.
    pub batch: u64,
    /// Items seen in the whole run.
    pub samples: u64,
    /// Passes over the data.
    pub epochs: f64,
    /// The loss of a model that knows nothing; none where it is too large to compute here.
    pub first_loss: Option<f64>,
    /// Known mistakes.
    pub warnings: Vec<Warning>,
}

impl Preflight {
    /// Looks at a plan.
    ///
    /// # Errors
    /// What would stop the run at its start: data that cannot be opened, plugins that cannot be built.
    pub fn of(plan: &Plan) -> Result<Self> {
        let feed = Feed::open(plan)?;
        let before = resident_memory().unwrap_or(0);
        let mut rig = Rig::build(plan, &feed, Device::Cpu, Start::ToBeLoaded)?;
        let batch = plan.run.batch as u64;
        let landmarks = landmarks(plan, &rig, feed.train.classes().len() as i64, None)?;
        let warnings = mistakes::find(plan, &feed, &rig, landmarks.as_ref());
        let cost = Cost::of(plan, &feed, &mut rig, before)?;
        Ok(Self {
            cost,
            updates: feed.total,
            batch,
            samples: feed.total * batch,
            epochs: feed.total as f64 / feed.order.batches().max(1) as f64,
            first_loss: landmarks.map(|landmarks| landmarks.first),
            warnings,
        })
    }
}
