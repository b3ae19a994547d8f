//! `clip-lab run --overfit`: checks that the model can overfit one batch.

use anyhow::Result;
use clip_lab_cli::{json_document, print};
use serde_json::json;

use super::device::device;
use crate::{
    model::WeightsSource,
    plan::Plan,
    preflight::{ReferenceLosses, reference_losses},
    train::{self, Components, Inputs, Overfitted},
};

/// Share of the way from the initial loss to its minimum that the loss must fall.
const MIN_SHARE: f64 = 0.5;

/// Trains on one batch and prints a verdict. True if the loss fell as expected. Nothing is recorded.
///
/// # Errors
/// If the data, weights or plugins cannot be loaded, which would also stop the run itself.
pub fn overfit(plan: &Plan, steps: u64, json: bool) -> Result<bool> {
    let device = device(&plan.run.device)?;
    if plan.run.threads > 0 {
        tch::set_num_threads(plan.run.threads as i32);
    }
    let inputs = Inputs::open(plan)?;
    let classes = inputs.train.classes().len() as i64;
    let mut components = Components::build(plan, &inputs, device, WeightsSource::Spec)?;
    let expected = reference_losses(plan, &components, classes, None)?;
    let overfitted = train::overfit(plan, &inputs, &mut components, device, steps)?;
    let floor = reference_losses(plan, &components, classes, Some(&overfitted.groups))?;
    let verdict = Verdict::of(&overfitted, expected, floor.map_or(0.0, |losses| losses.minimum));
    match json {
        true => print(verdict.json()),
        false => print(format_args!("{}\n", verdict.text())),
    }
    Ok(verdict.fell())
}

/// Initial and final loss, and their comparison values.
#[derive(Debug, PartialEq)]
struct Verdict {
    first: f64,
    last: f64,
    steps: usize,
    expected: Option<f64>,
    floor: f64,
}

impl Verdict {
    fn of(result: &Overfitted, expected: Option<ReferenceLosses>, floor: f64) -> Self {
        let (first, last) = (result.losses.first(), result.losses.last());
        Self {
            first: first.copied().unwrap_or(f64::NAN),
            last: last.copied().unwrap_or(f64::NAN),
            steps: result.losses.len().saturating_sub(1),
            expected: expected.map(|losses| losses.initial),
            floor,
        }
    }

    /// Share of the way from the initial loss to the minimum; 1 if the loss starts at the minimum.
    fn share(&self) -> f64 {
        let range = self.first - self.floor;
        if range.abs() < 1e-6 { 1.0 } else { (self.first - self.last) / range }
    }

    fn fell(&self) -> bool {
        self.last.is_finite() && self.share() >= MIN_SHARE
    }

    fn json(&self) -> String {
        let Self { first, last, steps, expected, floor } = self;
        let causes = if self.fell() { Vec::new() } else { self.causes() };
        json_document(json!({
            "falls": self.fell(), "steps": steps, "first_loss": first, "last_loss": last, "expected_first_loss": expected,
            "floor": floor, "share": self.share(), "likely_causes": causes,
        }))
    }

    fn text(&self) -> String {
        let Self { first, last, steps, floor, .. } = self;
        let expected = self
            .expected
            .map_or(String::new(), |expected| format!(" (an untrained model has {expected:.4})"));
        let summary = format!(
            "overfit: one batch, {steps} steps: loss {first:.4}{expected} -> {last:.4}, minimum about {floor:.4}"
        );
        let verdict = if self.fell() {
            format!(
                "the loss falls as expected: {:.0}% of the way to the minimum",
                self.share().min(1.0) * 100.0
            )
        } else {
            format!("the loss does NOT fall as expected. Likely causes:\n{}", self.causes().join("\n"))
        };
        format!("{summary}\n{verdict}")
    }

    fn causes(&self) -> Vec<&'static str> {
        if !self.last.is_finite() {
            return vec![
                "- optimizer.lr is too high: try a tenth of it",
                "- gradients are not clipped: add the clip_grad trick",
                "- precision = \"fp16\" overflows: try \"bf16\" or \"fp32\"",
            ];
        }
        let mut causes = Vec::new();
        if self.last > 1.5 * self.first {
            causes.push("- optimizer.lr is too high: the loss rises; try a tenth of it");
        } else {
            causes.push("- optimizer.lr is too low for so few steps: try ten times as much, or more steps, --overfit=200");
        }
        if self.expected.is_some_and(|expected| self.first > 1.5 * expected + 0.5) {
            causes.push("- the initial loss is higher than an untrained model's: the initial scale or bias of the loss is wrong, or \
                         embeddings have few dimensions");
        }
        causes.push("- too many parameters are frozen: `clip-lab check` shows the trained ones");
        causes.push("- dropout or drop_path is strong: both prevent overfitting one batch");
        causes.push("- images and captions do not match, or many are duplicates: inspect the data");
        causes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(first: f64, last: f64) -> Verdict {
        Verdict { first, last, steps: 50, expected: Some(2.0), floor: 0.1 }
    }

    #[test]
    fn half_of_the_way_is_enough() {
        assert!(verdict(2.1, 1.0).fell());
        assert!(!verdict(2.1, 1.2).fell());
        assert!(verdict(0.1, 0.1).fell());
        assert!(verdict(2.1, 1.0).text().contains("55% of the way"));
    }

    #[test]
    fn causes_fit_what_happened() {
        let text = |first, last| verdict(first, last).text();
        assert!(text(2.0, 1.9).contains("too low"));
        assert!(text(2.0, 3.5).contains("too high"));
        assert!(text(2.0, f64::NAN).contains("clip_grad"));
        assert!(text(9.0, 8.0).contains("higher than an untrained model's"));
        assert!(!verdict(2.0, f64::NAN).fell());
    }
}
