//! What must be equal on all ranks, and what does not fit several.

use anyhow::Result;
use clip_lab_plan::Plan;
use clip_lab_plugin_api::Dataset;
use clip_lab_spec::secret;
use clip_lab_torch_ext::LIBTORCH;

use super::Ranks;
use crate::{CODE, Inputs};

/// Why a plan cannot be trained by `size` processes; none if it can.
pub fn unfit(plan: &Plan, size: usize) -> Option<String> {
    let (batch, micro_batch) = (plan.run.batch, plan.run.micro_batch);
    if !batch.is_multiple_of(size) {
        return Some(format!("[run].batch = {batch} cannot be divided by {size} processes"));
    }
    let rows = batch / size;
    if micro_batch > 0 && !rows.is_multiple_of(micro_batch) {
        return Some(format!(
            "[run].micro_batch = {micro_batch} does not divide the {rows} rows of each of {size} processes"
        ));
    }
    let mixing = plan.augment.iter().find(|augment| augment.properties.mixes)?;
    Some(format!(
        "[[augment]] {} mixes images of the whole batch, which {size} processes cannot do: train with one process",
        mixing.name
    ))
}

impl Ranks {
    /// Checks that all ranks have the same spec, code, libtorch and data.
    ///
    /// # Errors
    /// When one differs, with the ranks of each.
    pub fn compare(&self, plan: &Plan, inputs: &Inputs) -> Result<()> {
        let spec = blake3::hash(secret::spec(&plan.source.text).as_bytes()).to_hex();
        self.group.all_agree("the spec", &spec)?;
        self.group.all_agree("the code of clip-lab", CODE)?;
        self.group.all_agree("the version of libtorch", LIBTORCH)?;
        self.group.all_agree("[data.train]", &lists(inputs.train.as_ref()))?;
        self.group.all_agree("the number of steps", &inputs.total.to_string())
    }
}

/// A digest of the names, captions and classes of a data set. Unlike its fingerprint it holds no modification times, which
/// differ between hosts.
fn lists(data: &dyn Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    data.classes().iter().for_each(|class| add(class));
    for index in 0..data.len() {
        add(&data.name(index));
        data.captions(index).iter().for_each(|caption| add(caption));
        add(&format!("{:?}", data.class(index)));
    }
    hasher.finalize().to_hex()[..16].to_owned()
}
