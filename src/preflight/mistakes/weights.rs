//! Weights that decay or drift where they should not.

use super::Warning;
use crate::{plan::Plan, train::Rig};

pub(super) fn warnings(plan: &Plan, rig: &Rig) -> Vec<Warning> {
    [decay(plan, rig), drift(rig)].into_iter().flatten().collect()
}

/// Scales, biases and norms pulled towards zero.
fn decay(plan: &Plan, rig: &Rig) -> Option<Warning> {
    let strength = plan.optimizer.settings.get("weight_decay")?.as_f64()?;
    let pulled = rig.params.trained().filter(|param| param.decay && param.tensor.dim() < 2);
    let names: Vec<&str> = pulled.map(|param| param.name.as_str()).collect();
    let first = names.iter().find(|name| name.starts_with("loss.")).or(names.first())?;
    let words = format!(
        "weight decay of {strength} pulls {} scales, biases and norms towards zero, `{first}` among them: decay only \
         weights of two dimensions or more",
        names.len()
    );
    (strength > 0.0).then(|| Warning::about(plan, "optimizer.weight_decay", words))
}

/// Batch norms that still learn inside of a tower that is locked beside them: their statistics follow the new data, and
/// the locked weights see other features than they were trained on.
fn drift(rig: &Rig) -> Option<Warning> {
    let frozen =
        |name: &str| rig.params.iter().find(|param| param.name == name).is_some_and(|param| param.frozen);
    let norms = rig.params.buffers().iter().filter_map(|(name, _)| name.strip_suffix(".running_mean"));
    let tower = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let moving = |norm: &&str| {
        let layer = norm.rsplit_once('.').map_or("", |(layer, _)| layer);
        let mut beside = rig
            .params
            .iter()
            .filter(|param| param.name.starts_with(&format!("{layer}.")) && param.tensor.dim() > 1);
        !frozen(&format!("{norm}.weight")) && beside.any(|param| param.frozen)
    };
    let moving: Vec<&str> = norms.filter(moving).collect();
    let first = moving.first()?;
    let words = format!(
        "{} batch norms of the {} tower learn beside locked weights, `{first}` among them: their running statistics \
         drift away from what the weights were trained with; lock the whole layer",
        moving.len(),
        tower(first)
    );
    Some(Warning { at: None, words })
}
