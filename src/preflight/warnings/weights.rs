//! Warnings about weight decay and batch-norm statistics.

use super::Warning;
use crate::{plan::Plan, train::Components};

pub(super) fn warnings(plan: &Plan, components: &Components) -> Vec<Warning> {
    [decay(plan, components), drift(components)].into_iter().flatten().collect()
}

/// Weight decay on scales, biases and norms.
fn decay(plan: &Plan, components: &Components) -> Option<Warning> {
    let strength = plan.optimizer.settings.get("weight_decay")?.as_f64()?;
    let decayed = components.params.trained().filter(|param| param.decay && param.tensor.dim() < 2);
    let names: Vec<&str> = decayed.map(|param| param.name.as_str()).collect();
    let first = names.iter().find(|name| name.starts_with("loss.")).or(names.first())?;
    let message = format!(
        "weight decay of {strength} applies to {} scales, biases and norm parameters, such as `{first}`: decay only weights \
         of two or more dimensions",
        names.len()
    );
    (strength > 0.0).then(|| Warning::about(plan, "optimizer.weight_decay", message))
}

/// Batch norms that train beside locked weights of their layer: their statistics follow the new data, so the locked
/// weights get other features than they were trained on.
fn drift(components: &Components) -> Option<Warning> {
    let frozen = |name: &str| {
        components.params.iter().find(|param| param.name == name).is_some_and(|param| param.frozen)
    };
    let norms = components.params.buffers().iter().filter_map(|(name, _)| name.strip_suffix(".running_mean"));
    let tower = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let moving = |norm: &&str| {
        let layer = norm.rsplit_once('.').map_or("", |(layer, _)| layer);
        let mut beside = components
            .params
            .iter()
            .filter(|param| param.name.starts_with(&format!("{layer}.")) && param.tensor.dim() > 1);
        !frozen(&format!("{norm}.weight")) && beside.any(|param| param.frozen)
    };
    let moving: Vec<&str> = norms.filter(moving).collect();
    let first = moving.first()?;
    let message = format!(
        "{} batch norms of the {} tower train beside locked weights, such as `{first}`: their running statistics drift away \
         from those that the weights were trained with; lock the whole layer",
        moving.len(),
        tower(first)
    );
    Some(Warning { at: None, message })
}
