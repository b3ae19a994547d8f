//! Warnings about towers whose settings differ from their checkpoint's.

use clip_lab_checkpoint::{Checkpoint, Import, open};
use serde_json::Value;

use super::Warning;
use crate::plan::Plan;

/// Settings that may differ from the checkpoint's: regularisation, and sizes that are resampled.
const MAY_DIFFER: [&str; 10] = [
    "plugin",
    "image_size",
    "context",
    "dropout",
    "attention_dropout",
    "drop_path",
    "patch_dropout",
    "init",
    "resample",
    "zero_init_last",
];

pub(super) fn warnings(plan: &Plan) -> Vec<Warning> {
    let mut found = Vec::new();
    if let Some(checkpoint) = trained(plan, "model.image", plan.image.weights.is_some()) {
        found.extend(differs(
            plan,
            "model.image",
            checkpoint.image().ok().flatten(),
            &plan.image.encoder.settings,
        ));
        found.extend(normalisation(plan, &checkpoint));
    }
    if let Some(side) = &plan.text
        && let Some(checkpoint) = trained(plan, "model.text", side.weights.is_some())
    {
        found.extend(differs(plan, "model.text", checkpoint.text().ok().flatten(), &side.encoder.settings));
    }
    found
}

/// The checkpoint that a tower's weights come from.
fn trained(plan: &Plan, table: &str, weights: bool) -> Option<Checkpoint> {
    let key = format!("{table}.from");
    let from = plan.config.iter().find(|setting| setting.key == key)?.value.as_str()?;
    if weights { open(from).ok() } else { None }
}

/// Settings that change what the weights compute, such as `gelu` for weights trained with `quick_gelu`.
fn differs(plan: &Plan, table: &str, import: Option<Import>, settings: &Value) -> Vec<Warning> {
    let Some(import) = import else { return Vec::new() };
    let trained = import.settings.iter().filter(|(key, _)| !MAY_DIFFER.contains(&key.as_str()));
    let different = trained.filter_map(|(key, trained)| {
        let (trained, used) = (serde_json::to_value(trained).ok()?, settings.get(key)?);
        if same(&trained, used) {
            return None;
        }
        let message = format!(
            "[{table}].{key} is {used}, but the weights were trained with {trained}, so the outputs differ: remove `{key}`"
        );
        Some(Warning::about(plan, &format!("{table}.{key}"), message))
    });
    let mut found: Vec<Warning> = different.collect();
    if !import.settings.contains_key("activation")
        && plan
            .config
            .iter()
            .any(|setting| setting.key == format!("{table}.activation") && setting.origin == "default")
    {
        let used = &settings["activation"];
        let message = format!(
            "the checkpoint of [{table}] does not state its activation, so {used} is used: OpenAI's weights need \"quick_gelu\", \
             most others \"gelu\"; set `activation`"
        );
        found.push(Warning::about(plan, &format!("{table}.activation"), message));
    }
    found
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

/// Images normalised with other constants than in the tower's training.
fn normalisation(plan: &Plan, checkpoint: &Checkpoint) -> Option<Warning> {
    let used = &plan.image.preprocess;
    let Some(trained) = checkpoint.preprocess().ok()? else {
        let default =
            plan.config.iter().find(|setting| setting.key == "preprocess.mean")?.origin == "default";
        let message = "the checkpoint of [model.image] does not state its image normalisation, so the constants of \
                     OpenAI's CLIP are used; set `mean` and `std` in [preprocess]";
        return default.then(|| Warning { at: None, message: message.to_owned() });
    };
    let close = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.01);
    let key = match (close(&trained.mean, &used.mean), close(&trained.std, &used.std)) {
        (true, true) => return None,
        (false, _) => "mean",
        (true, false) => "std",
    };
    let (trained, used) = if key == "mean" { (trained.mean, used.mean) } else { (trained.std, used.std) };
    let message = format!(
        "[preprocess].{key} is {used:?}, but the image tower was trained with {trained:?}, which degrades its features: remove \
         `{key}`"
    );
    Some(Warning::about(plan, &format!("preprocess.{key}"), message))
}
