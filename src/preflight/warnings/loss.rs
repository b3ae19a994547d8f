//! Warnings about losses that do not fit the batches.

use std::collections::HashMap;

use clip_lab_plugin_api::{Captions, Dataset, Task};

use super::Warning;
use crate::{plan::Plan, preflight::ReferenceLosses, train::Inputs};

/// Smaller batches have too few negatives.
const SMALL_BATCH: usize = 32;
/// The largest share of a batch's captions with a duplicate in it that is not worth a warning.
const MAX_DUPLICATES: f64 = 0.05;

pub(super) fn warnings(plan: &Plan, inputs: &Inputs, losses: Option<&ReferenceLosses>) -> Vec<Warning> {
    if plan.task() == Task::Classification {
        return Vec::new();
    }
    [small_batch(plan), bias(plan, losses), duplicates(plan, inputs)].into_iter().flatten().collect()
}

fn small_batch(plan: &Plan) -> Option<Warning> {
    let batch = plan.run.batch;
    let message = format!(
        "a batch of {batch} gives every pair only {} negatives, but contrastive training needs hundreds: increase `batch`, with \
         `micro_batch` if memory is limited",
        batch - 1
    );
    (batch < SMALL_BATCH && !plan.loss.properties.per_pair)
        .then(|| Warning::about(plan, "run.batch", message))
}

/// A bias far from -ln(B - 1) must be learned before anything else.
fn bias(plan: &Plan, losses: Option<&ReferenceLosses>) -> Option<Warning> {
    let bias = plan.loss.properties.bias?;
    let best = -((plan.run.batch as f64 - 1.0).ln());
    let first =
        losses.map_or(String::new(), |losses| format!(" (the initial loss is {:.1})", losses.initial));
    let message = format!(
        "[loss].bias = {bias} fits batches of about {:.0} pairs, not of {}{first}: set `bias = \"auto\"`, which is {best:.1}",
        (-bias).exp(),
        plan.run.batch
    );
    ((bias - best).abs() > 3.0).then(|| Warning::about(plan, "loss.bias", message))
}

/// Equal captions, or captions of one image, in a batch are false negatives.
fn duplicates(plan: &Plan, inputs: &Inputs) -> Option<Warning> {
    if plan.run.distinct || plan.loss.properties.groups {
        return None;
    }
    let share = duplicate_share(inputs.train.as_ref(), plan.run.captions, plan.run.batch);
    let message = format!(
        "about {:.0}% of the captions in a batch of {} have a duplicate in it (equal text{}), a false negative for the loss: \
         set `run.distinct = true`, or use the loss `multi_positive`",
        share * 100.0,
        plan.run.batch,
        if plan.run.captions == Captions::All { " or the same image" } else { "" }
    );
    (share > MAX_DUPLICATES).then(|| Warning::about(plan, "run.batch", message))
}

/// The expected share of items with a duplicate in their batch: equal text, or the same image if all captions are items.
fn duplicate_share(data: &dyn Dataset, captions: Captions, batch: usize) -> f64 {
    let mut texts: HashMap<String, f64> = HashMap::new();
    let (mut items, mut same_image) = (0.0, 0.0);
    for image in 0..data.len() {
        let all = data.captions(image);
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
            same_image += here * (here - 1.0);
        }
    }
    if items < 2.0 {
        return 0.0;
    }
    // The probability that two different items have equal texts or the same image.
    let equal: f64 = texts.values().map(|count| count * (count - 1.0).max(0.0)).sum();
    let likely = ((equal + same_image) / (items * (items - 1.0))).min(1.0);
    1.0 - (1.0 - likely).powf(batch as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_lab_plugin_api::Image;
    use image::RgbImage;

    struct Texts(Vec<Vec<String>>);

    impl Dataset for Texts {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn image(&self, _index: usize) -> anyhow::Result<Image> {
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
    fn the_share_of_duplicates_is_the_expected_value() {
        let none = texts(&[&["a"], &["b"], &["c"], &["d"]]);
        assert_eq!(duplicate_share(&none, Captions::One, 4), 0.0);
        // Two of four items are duplicates: a pair of items is with probability 2 / 12.
        let two = texts(&[&["a"], &["A "], &["c"], &["d"]]);
        assert!((duplicate_share(&two, Captions::One, 2) - 1.0 / 6.0).abs() < 1e-12);
        // Four items of two images: each has one duplicate among three others.
        let both = texts(&[&["a", "b"], &["c", "d"]]);
        assert!((duplicate_share(&both, Captions::All, 2) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(duplicate_share(&both, Captions::One, 2), 0.0);
    }
}
