//! What was found, as `--json` prints it.

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;
use clip_lab_api::Dataset;
use serde::Serialize;

use super::{
    captions::Words,
    look::Look,
    repeats::{Group, Place, across, groups, within},
};
use crate::{
    commands::sources::Sources,
    data::{captions_follow_classes, folded},
};

/// Names of a group that are listed: a caption that is made of a class belongs to thousands of pictures.
const NAMED: usize = 20;

/// Everything that `data inspect` tells.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// What was looked at.
    pub data: String,
    /// The tokenizer that counted, and where it cuts.
    pub tokenizer: String,
    pub max_tokens: usize,
    pub splits: Vec<Split>,
    /// Pictures with the same bytes.
    pub same_pictures: Repeats,
    /// Captions with the same words, of different pictures.
    pub same_captions: Repeats,
}

/// One split.
#[derive(Debug, Serialize)]
pub(super) struct Split {
    pub name: String,
    pub pictures: usize,
    pub captions: usize,
    /// Pictures by the number of their captions.
    pub captions_each: BTreeMap<usize, usize>,
    pub classes: usize,
    /// Whether captions follow from classes; their repetitions are then none.
    pub captions_of_classes: bool,
    /// Pictures of the smallest and of the largest class.
    pub class_sizes: Option<Spread>,
    pub bytes: u64,
    pub formats: BTreeMap<String, usize>,
    /// Pictures whose name says another format than they have.
    pub misnamed: usize,
    pub width: Option<Spread>,
    pub height: Option<Spread>,
    pub file_bytes: Option<Spread>,
    pub characters: Option<Spread>,
    pub tokens: Option<Tokens>,
    /// What the data set left out when it was opened.
    pub left_out: Vec<String>,
    pub broken: Vec<Fault>,
}

/// A picture that cannot be used.
#[derive(Debug, Serialize)]
pub(super) struct Fault {
    pub name: String,
    pub why: String,
}

/// Smallest, middle and largest of some numbers, and what 95 of 100 do not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Spread {
    pub min: u64,
    pub median: u64,
    pub p95: u64,
    pub max: u64,
}

impl Spread {
    /// Of numbers in any order; none where there are none. The middle of an even number is the lower one.
    pub(super) fn of(mut numbers: Vec<u64>) -> Option<Self> {
        numbers.sort_unstable();
        let at = |share: f64| numbers[((numbers.len() as f64 * share).ceil() as usize).saturating_sub(1)];
        let (min, max) = (*numbers.first()?, *numbers.last()?);
        Some(Self { min, median: at(0.5), p95: at(0.95), max })
    }
}

/// Lengths in tokens.
#[derive(Debug, Serialize)]
pub(super) struct Tokens {
    #[serde(flatten)]
    pub lengths: Spread,
    /// Captions that are cut.
    pub cut: usize,
    pub cut_share: f64,
}

/// What is there more than once.
#[derive(Debug, Serialize)]
pub(super) struct Repeats {
    /// How many of each split are repetitions within it.
    pub within: BTreeMap<String, usize>,
    /// How many two splits share.
    pub across: Vec<Shared>,
    /// All of them.
    pub groups: Vec<Group>,
}

/// What two splits share.
#[derive(Debug, Serialize)]
pub(super) struct Shared {
    pub splits: [String; 2],
    pub count: usize,
}

impl Report {
    /// Puts together what was found.
    ///
    /// # Errors
    /// Those of the tokenizer.
    pub(super) fn new(path: &Path, sources: &Sources, looks: &[Vec<Look>], words: &Words) -> Result<Self> {
        let splits = sources.iter().zip(looks);
        let splits = splits.map(|((name, data), looks)| Split::new(name, data.as_ref(), looks, words));
        let splits = splits.collect::<Result<Vec<_>>>()?;
        let hashes = looks.iter().enumerate().flat_map(|(split, looks)| {
            looks.iter().enumerate().filter_map(move |(index, look)| Some((look.hash?, (split, index))))
        });
        let pictures = groups(hashes).into_iter().map(|(_, places)| (None, places)).collect();
        let said = |(_, split): &(usize, &Split)| !split.captions_of_classes;
        let captions = splits.iter().enumerate().filter(said).flat_map(|(split, _)| {
            let data = &sources[split].1;
            (0..data.len()).flat_map(move |index| {
                data.captions(index).iter().map(move |caption| (folded(caption), (split, index)))
            })
        });
        let captions =
            groups(captions).into_iter().map(|(caption, places)| (Some(caption), places)).collect();
        Ok(Self {
            data: path.display().to_string(),
            tokenizer: words.name.clone(),
            max_tokens: words.max_tokens,
            splits,
            same_pictures: Repeats::new(pictures, sources),
            same_captions: Repeats::new(captions, sources),
        })
    }
}

impl Split {
    fn new(name: &str, data: &dyn Dataset, looks: &[Look], words: &Words) -> Result<Self> {
        let mut formats = BTreeMap::new();
        for format in looks.iter().filter_map(|look| look.format) {
            *formats.entry(format!("{format:?}").to_uppercase()).or_default() += 1;
        }
        let mut captions_each = BTreeMap::new();
        let mut class_sizes = vec![0; data.classes().len()];
        for index in 0..data.len() {
            *captions_each.entry(data.captions(index).len()).or_default() += 1;
            if let Some(size) = data.class(index).and_then(|class| class_sizes.get_mut(class)) {
                *size += 1;
            }
        }
        let sizes = || looks.iter().filter_map(|look| look.size);
        let faults = looks.iter().enumerate().filter_map(|(index, look)| Some((index, look.fault.clone()?)));
        let captions = (0..data.len()).flat_map(|index| data.captions(index));
        let characters: Vec<u64> = captions.map(|caption| caption.chars().count() as u64).collect();
        Ok(Self {
            name: name.to_owned(),
            pictures: data.len(),
            captions: characters.len(),
            captions_each,
            classes: data.classes().len(),
            captions_of_classes: captions_follow_classes(data),
            class_sizes: Spread::of(class_sizes),
            bytes: looks.iter().map(|look| look.bytes).sum(),
            formats,
            misnamed: looks.iter().filter(|look| look.misnamed).count(),
            width: Spread::of(sizes().map(|(width, _)| width.into()).collect()),
            height: Spread::of(sizes().map(|(_, height)| height.into()).collect()),
            file_bytes: Spread::of(
                looks.iter().filter(|look| look.hash.is_some()).map(|look| look.bytes).collect(),
            ),
            characters: Spread::of(characters),
            tokens: words.count(data)?,
            left_out: data.skipped().to_vec(),
            broken: faults.map(|(index, why)| Fault { name: data.name(index), why }).collect(),
        })
    }
}

impl Repeats {
    fn new(found: Vec<(Option<String>, Vec<Place>)>, sources: &Sources) -> Self {
        let (what, places): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let name = |split: usize| sources[split].0.to_owned();
        let shared = across(&places).into_iter();
        let shared = shared.map(|((a, b), count)| Shared { splits: [name(a), name(b)], count });
        let again = within(&places, sources.len()).into_iter().enumerate();
        let within = again.map(|(split, count)| (name(split), count)).collect();
        let of = |(split, index): &Place| format!("{}/{}", sources[*split].0, sources[*split].1.name(*index));
        let group = |(what, places): (Option<String>, &Vec<Place>)| {
            let mut splits: Vec<usize> = places.iter().map(|(split, _)| *split).collect();
            splits.dedup();
            Group { what, count: places.len(), of: places.iter().take(NAMED).map(of).collect(), splits }
        };
        let groups = what.into_iter().zip(&places).map(group).collect();
        Self { within, across: shared.collect(), groups }
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn spreads_are_of_the_numbers_themselves() {
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![7]), Some(Spread { min: 7, median: 7, p95: 7, max: 7 }));
        let hundred = Spread::of((1..=100).rev().collect());
        assert_eq!(hundred, Some(Spread { min: 1, median: 50, p95: 95, max: 100 }));
    }
}
