//! `clip-lab run --overfit`: can the model learn one batch by heart?

use anyhow::Result;
use clip_lab_cli::{answer, print};
use serde_json::json;

use crate::{
    model::{Start, device},
    plan::Plan,
    preflight::{Landmarks, landmarks},
    train::{self, Feed, Overfitted, Rig},
};

/// The share of the way from the first loss to its floor that one batch must come.
const ENOUGH: f64 = 0.5;

/// Trains on one batch and prints how it went. True when the loss fell as it must. Nothing is recorded.
///
/// # Errors
/// What would stop the run itself: data, weights, plugins.
pub fn overfit(plan: &Plan, steps: u64, json: bool) -> Result<bool> {
    if plan.run.threads > 0 {
        tch::set_num_threads(plan.run.threads as i32);
    }
    let device = device(&plan.run.device)?;
    let feed = Feed::open(plan)?;
    let classes = feed.train.classes().len() as i64;
    let mut rig = Rig::build(plan, &feed, device, Start::FromSpec)?;
    let expected = landmarks(plan, &rig, classes, None)?;
    let overfitted = train::overfit(plan, &feed, &mut rig, device, steps)?;
    let floor = landmarks(plan, &rig, classes, Some(&overfitted.alike))?;
    let verdict = Verdict::of(&overfitted, expected, floor.map_or(0.0, |landmarks| landmarks.floor));
    match json {
        true => print(verdict.json()),
        false => print(format_args!("{}\n", verdict.words())),
    }
    Ok(verdict.fell())
}

/// How the loss moved.
#[derive(Debug, PartialEq)]
struct Verdict {
    first: f64,
    last: f64,
    steps: usize,
    expected: Option<f64>,
    floor: f64,
}

impl Verdict {
    fn of(learnt: &Overfitted, expected: Option<Landmarks>, floor: f64) -> Self {
        let (first, last) = (learnt.losses.first(), learnt.losses.last());
        Self {
            first: first.copied().unwrap_or(f64::NAN),
            last: last.copied().unwrap_or(f64::NAN),
            steps: learnt.losses.len().saturating_sub(1),
            expected: expected.map(|landmarks| landmarks.first),
            floor,
        }
    }

    /// Share of the way from the first loss to the floor. A batch that is known from the start has no way to go.
    fn share(&self) -> f64 {
        let way = self.first - self.floor;
        if way.abs() < 1e-6 { 1.0 } else { (self.first - self.last) / way }
    }

    fn fell(&self) -> bool {
        self.last.is_finite() && self.share() >= ENOUGH
    }

    fn json(&self) -> String {
        let Self { first, last, steps, expected, floor } = self;
        let causes = if self.fell() { Vec::new() } else { self.causes() };
        answer(json!({
            "falls": self.fell(), "steps": steps, "first_loss": first, "last_loss": last, "expected_first_loss": expected,
            "floor": floor, "share": self.share(), "likely_causes": causes,
        }))
    }

    fn words(&self) -> String {
        let Self { first, last, steps, floor, .. } = self;
        let expected = self
            .expected
            .map_or(String::new(), |expected| format!(" (a model that knows nothing has {expected:.4})"));
        let moved = format!(
            "overfit: one batch, {steps} steps: loss {first:.4}{expected} -> {last:.4}, floor about {floor:.4}"
        );
        let verdict = if self.fell() {
            format!("it falls as it must: {:.0}% of the way", self.share().min(1.0) * 100.0)
        } else {
            format!("it does NOT fall as it must. Likely causes:\n{}", self.causes().join("\n"))
        };
        format!("{moved}\n{verdict}")
    }

    fn causes(&self) -> Vec<&'static str> {
        if !self.last.is_finite() {
            return vec![
                "- optimizer.lr is too high: try a tenth of it",
                "- there is no clip_grad trick",
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
            causes.push("- the start is worse than knowing nothing: the first scale or bias of the loss is off, or embeddings have few \
                         dimensions");
        }
        causes.push("- too much is frozen: `clip-lab check` shows what is trained");
        causes.push("- dropout or drop_path is strong: they keep a batch from being learnt by heart");
        causes.push("- pictures and captions do not belong together, or many are alike: look at the data");
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
        assert!(verdict(2.1, 1.0).words().contains("55% of the way"));
    }

    #[test]
    fn causes_fit_what_happened() {
        let words = |first, last| verdict(first, last).words();
        assert!(words(2.0, 1.9).contains("too low"));
        assert!(words(2.0, 3.5).contains("too high"));
        assert!(words(2.0, f64::NAN).contains("clip_grad"));
        assert!(words(9.0, 8.0).contains("worse than knowing nothing"));
        assert!(!verdict(2.0, f64::NAN).fell());
    }
}
