//! `clip-lab eval`: evaluates a model on its own or other data, and interpolates the weights of two models.

mod any_data;
mod confusion;
mod record;
mod spec_data;
mod suite;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::{EvalArgs, out, shown};
use clip_lab_plugin_api::Catalog;
use clip_lab_store::natural;

use super::target::{is_checkpoint, note_folder};

/// Metrics by name, prefixed with the data.
type Metrics = BTreeMap<String, f64>;

/// Evaluates a model and prints the metrics.
///
/// # Errors
/// If a model or its data cannot be read, or two models have different shapes.
pub fn eval(args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    if let [a, b] = &args.interpolate[..] {
        ensure!(
            !args.other.is_set(),
            "--interpolate uses the data and evaluators of B's spec; change them with --set"
        );
        return spec_data::interpolate(a, b, args, store, catalog);
    }
    let model = args.model.as_deref().context("nothing to evaluate")?;
    if args.other.is_set() || is_checkpoint(model, store) {
        return any_data::evaluate(model, args, store, catalog);
    }
    note_folder(model, store);
    spec_data::evaluate(model, args, store, catalog)
}

/// Prints metrics, one per line.
fn print_metrics(metrics: &Metrics) {
    let widest = metrics.keys().map(|name| name.len()).max().unwrap_or(0).max(36);
    let mut metrics: Vec<_> = metrics.iter().collect();
    metrics.sort_by(|a, b| natural(a.0, b.0));
    metrics.iter().for_each(|(name, value)| out!("{:<widest$} {value:>8.4}", shown(name)));
}
