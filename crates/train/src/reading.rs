//! What training reads, and with how many threads.

use std::sync::Arc;

use clip_lab_input::{Read, Source, cores};
use clip_lab_model::Objective;
use clip_lab_plan::Plan;
use clip_lab_plugin_api::Dataset;

use crate::{Components, Inputs};

/// A source of `data`, prepared for the image tower if `images`.
pub fn source(
    plan: &Plan,
    inputs: &Inputs,
    components: &Components,
    data: Arc<dyn Dataset>,
    read: Read,
    images: bool,
) -> Source {
    Source {
        data,
        tokenizer: inputs.tokenizer.clone(),
        max_tokens: plan.text.as_ref().map_or(0, |text| text.max_tokens),
        prepare: images.then(|| components.prepare.clone()),
        read,
        seed: plan.run.seed,
    }
}

/// What training reads of an item.
pub fn training_read(components: &Components) -> Read {
    match components.objective {
        Objective::Texts(_) => Read::Pair,
        Objective::Classes(_) => Read::Labelled,
    }
}

/// Threads that read, as the run sets them or one per core.
pub fn workers(plan: &Plan) -> usize {
    if plan.run.workers > 0 { plan.run.workers } else { cores() }
}
