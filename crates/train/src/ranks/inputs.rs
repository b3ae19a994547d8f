//! What must be equal on all ranks, and what does not fit several.

use anyhow::Result;
use clip_lab_plan::Plan;
use clip_lab_plugin_api::Dataset;
use clip_lab_spec::secret;
use clip_lab_torch_ext::LIBTORCH;
use tch::{Kind, nn::VarStore};

use super::{Ranks, on_host};
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
    /// If one differs, with the ranks of each.
    pub fn compare(&self, plan: &Plan, inputs: &Inputs) -> Result<()> {
        let spec = blake3::hash(secret::spec(&plan.source.text).as_bytes()).to_hex();
        self.group.all_agree("the spec", &spec)?;
        self.group.all_agree("the code of clip-lab", CODE)?;
        self.group.all_agree("the version of libtorch", LIBTORCH)?;
        self.group.all_agree("[data.train]", &lists(inputs.train.as_ref()))?;
        self.group.all_agree("the number of steps", &inputs.total.to_string())
    }

    /// Checks that all ranks start with the same weights, bit by bit.
    ///
    /// # Errors
    /// If they differ, with the ranks of each.
    pub fn compare_weights(&self, vars: &VarStore) -> Result<()> {
        self.group.all_agree("the initial weights", &weights(vars)?)
    }
}

/// A digest of all variables.
fn weights(vars: &VarStore) -> Result<String> {
    let mut all: Vec<_> = vars.variables().into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hasher = blake3::Hasher::new();
    for (name, tensor) in all {
        hasher.update(name.as_bytes());
        let bytes = on_host(&tensor)?.f_reshape([-1])?.f_view_dtype(Kind::Uint8)?;
        hasher.update(&Vec::<u8>::try_from(&bytes)?);
    }
    Ok(hasher.finalize().to_hex()[..16].to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, nn::Init};

    #[test]
    fn weights_that_differ_in_a_bit_have_another_digest() {
        let digest = |value: f32| {
            let vars = VarStore::new(Device::Cpu);
            let _ = vars.root().f_var("a", &[2, 3], Init::Const(0.5)).unwrap();
            let mut scale = vars.root().f_var("scale", &[], Init::Const(1.0)).unwrap();
            let _ = tch::no_grad(|| scale.fill_(f64::from(value)));
            weights(&vars).unwrap()
        };
        assert_eq!(digest(1.0), digest(1.0));
        assert_ne!(digest(1.0), digest(1.0f32.next_up()));
    }
}
