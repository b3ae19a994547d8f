//! Losses that do not suit their batches.

use std::collections::HashMap;

use clip_lab_api::{Captions, Dataset, Task};

use super::Warning;
use crate::{plan::Plan, preflight::Landmarks, train::Feed};

/// Fewer negatives than this teach little.
const FEW: usize = 32;
/// The share of a batch's captions that may have a twin in it.
const MANY_TWINS: f64 = 0.05;

pub(super) fn warnings(plan: &Plan, feed: &Feed, landmarks: Option<&Landmarks>) -> Vec<Warning> {
    if plan.task() == Task::Classification {
        return Vec::new();
    }
    [small_batch(plan), bias(plan, landmarks), twins(plan, feed)].into_iter().flatten().collect()
}

fn small_batch(plan: &Plan) -> Option<Warning> {
    let batch = plan.run.batch;
    let words = format!(
        "a batch of {batch} gives every pair {} negatives, which teaches little: contrastive training wants hundreds; \
         raise `batch`, with `micro_batch` if memory is short",
        batch - 1
    );
    (batch < FEW && !plan.loss.facts.per_pair).then(|| Warning::about(plan, "run.batch", words))
}

/// A bias far from -ln(B - 1) has to be learnt before anything else is.
fn bias(plan: &Plan, landmarks: Option<&Landmarks>) -> Option<Warning> {
    let bias = plan.loss.facts.bias?;
    let best = -((plan.run.batch as f64 - 1.0).ln());
    let first =
        landmarks.map_or(String::new(), |landmarks| format!(" (the first loss is {:.1})", landmarks.first));
    let words = format!(
        "[loss].bias = {bias} suits batches of about {:.0} pairs; with {} it is far off{first}: set `bias = \"auto\"`, \
         which is {best:.1}",
        (-bias).exp(),
        plan.run.batch
    );
    ((bias - best).abs() > 3.0).then(|| Warning::about(plan, "loss.bias", words))
}

/// Captions that are equal, or of one picture, are negatives of each other although they match.
fn twins(plan: &Plan, feed: &Feed) -> Option<Warning> {
    if plan.run.distinct || plan.loss.facts.groups {
        return None;
    }
    let share = share_with_twin(feed.train.as_ref(), plan.run.captions, plan.run.batch);
    let words = format!(
        "about {:.0}% of the captions in a batch of {} have a twin in it (equal text{}), which the loss takes for a \
         mistake: set `run.distinct = true`, or take the loss `multi_positive`",
        share * 100.0,
        plan.run.batch,
        if plan.run.captions == Captions::All { " or the same picture" } else { "" }
    );
    (share > MANY_TWINS).then(|| Warning::about(plan, "run.batch", words))
}

/// The expected share of items that meet another with the same text (or picture, when all captions are items).
fn share_with_twin(data: &dyn Dataset, captions: Captions, batch: usize) -> f64 {
    let mut texts: HashMap<String, f64> = HashMap::new();
    let (mut items, mut same_picture) = (0.0, 0.0);
    for picture in 0..data.len() {
        let all = data.captions(picture);
        let weight = match captions {
            Captions::One => 1.0 / all.len().max(1) as f64,
            Captions::All => 1.0,
        };
        for text in all {
            *texts.entry(text.trim().to_lowercase()).or_default() += weight;
        }
        let here = all.len() as f64 * weight;
        items += here;
        if captions == Captions::All {
            same_picture += here * (here - 1.0);
        }
    }
    if items < 2.0 {
        return 0.0;
    }
    // Of two different items: how likely are their texts equal, or their pictures the same?
    let equal: f64 = texts.values().map(|count| count * (count - 1.0).max(0.0)).sum();
    let likely = ((equal + same_picture) / (items * (items - 1.0))).min(1.0);
    1.0 - (1.0 - likely).powf(batch as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_lab_api::Picture;
    use image::RgbImage;

    struct Texts(Vec<Vec<String>>);

    impl Dataset for Texts {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn picture(&self, _index: usize) -> anyhow::Result<Picture> {
            Ok(RgbImage::new(1, 1).into())
        }
        fn captions(&self, index: usize) -> &[String] {
            &self.0[index]
        }
        fn name(&self, index: usize) -> String {
            index.to_string()
        }
        fn fingerprint(&self) -> String {
            String::new()
        }
    }

    fn texts(list: &[&[&str]]) -> Texts {
        Texts(list.iter().map(|all| all.iter().map(|&text| text.to_owned()).collect()).collect())
    }

    #[test]
    fn twins_are_counted_as_probability_has_it() {
        let none = texts(&[&["a"], &["b"], &["c"], &["d"]]);
        assert_eq!(share_with_twin(&none, Captions::One, 4), 0.0);
        // Two of four items are alike: a pair is with probability 2 / 12.
        let two = texts(&[&["a"], &["A "], &["c"], &["d"]]);
        assert!((share_with_twin(&two, Captions::One, 2) - 1.0 / 6.0).abs() < 1e-12);
        // Four items of two pictures: each has one twin among three others.
        let both = texts(&[&["a", "b"], &["c", "d"]]);
        assert!((share_with_twin(&both, Captions::All, 2) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(share_with_twin(&both, Captions::One, 2), 0.0);
    }
}
