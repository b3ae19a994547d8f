//! `clip-lab eval`: a model on its own data or on other, and the weights between two models.

mod bench;
mod confused;
mod other;
mod record;
mod suite;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::Catalog;
use clip_lab_cli::{EvalArgs, out, shown};
use clip_lab_store::natural;

use super::target::is_checkpoint;

/// Metrics by name, what they were measured on first.
type Metrics = BTreeMap<String, f64>;

/// Evaluates what the arguments name and prints it.
///
/// # Errors
/// When a model or its data cannot be read, or two models are not alike.
pub fn eval(args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    if let [a, b] = &args.interpolate[..] {
        ensure!(
            !args.other.asked(),
            "--interpolate evaluates what B's spec says and on its data; --set changes that"
        );
        return bench::interpolate(a, b, args, store, catalog);
    }
    let model = args.model.as_deref().context("nothing to evaluate")?;
    if args.other.asked() || is_checkpoint(model) {
        return other::evaluate(model, args, store, catalog);
    }
    bench::evaluate(model, args, store, catalog)
}

/// Prints metrics, one a line.
fn print_metrics(metrics: &Metrics) {
    let widest = metrics.keys().map(|name| name.len()).max().unwrap_or(0).max(36);
    let mut metrics: Vec<_> = metrics.iter().collect();
    metrics.sort_by(|a, b| natural(a.0, b.0));
    metrics.iter().for_each(|(name, value)| out!("{:<widest$} {value:>8.4}", shown(name)));
}
