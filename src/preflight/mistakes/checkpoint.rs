//! Towers that are used otherwise than they were trained.

use clip_lab_checkpoint::{Checkpoint, Import, open};
use serde_json::Value;

use super::Warning;
use crate::plan::Plan;

/// Settings that may differ from the checkpoint's on purpose: what is regularised, and sizes that are resampled.
const FREE: [&str; 10] = [
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
    let told = import.settings.iter().filter(|(key, _)| !FREE.contains(&key.as_str()));
    let other = told.filter_map(|(key, told)| {
        let (told, used) = (serde_json::to_value(told).ok()?, settings.get(key)?);
        if same(&told, used) {
            return None;
        }
        let words = format!(
            "[{table}].{key} is {used}, and the weights were trained with {told}: they compute something else; leave \
             `{key}` out"
        );
        Some(Warning::about(plan, &format!("{table}.{key}"), words))
    });
    let mut found: Vec<Warning> = other.collect();
    if !import.settings.contains_key("activation")
        && plan
            .config
            .iter()
            .any(|setting| setting.key == format!("{table}.activation") && setting.origin == "default")
    {
        let used = &settings["activation"];
        let words = format!(
            "the checkpoint of [{table}] does not say its activation and {used} is taken: OpenAI's weights want \
             \"quick_gelu\", most others \"gelu\"; set `activation`"
        );
        found.push(Warning::about(plan, &format!("{table}.activation"), words));
    }
    found
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

/// Pictures normalised by other constants than those that the tower was trained with.
fn normalisation(plan: &Plan, checkpoint: &Checkpoint) -> Option<Warning> {
    let used = &plan.image.preprocess;
    let Some(told) = checkpoint.preprocess().ok()? else {
        let default =
            plan.config.iter().find(|setting| setting.key == "preprocess.mean")?.origin == "default";
        let words = "the checkpoint of [model.image] does not say how its pictures were normalised, and the constants \
                     of OpenAI's CLIP are taken; set `mean` and `std` in [preprocess]";
        return default.then(|| Warning { at: None, words: words.to_owned() });
    };
    let near = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.01);
    let key = match (near(&told.mean, &used.mean), near(&told.std, &used.std)) {
        (true, true) => return None,
        (false, _) => "mean",
        (true, false) => "std",
    };
    let (told, used) = if key == "mean" { (told.mean, used.mean) } else { (told.std, used.std) };
    let words = format!(
        "[preprocess].{key} is {used:?}, and the image tower was trained with {told:?}: its features suffer; leave \
         `{key}` out"
    );
    Some(Warning::about(plan, &format!("preprocess.{key}"), words))
}
