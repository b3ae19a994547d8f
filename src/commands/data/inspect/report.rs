//! The report, as `--json` prints it.

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;
use clip_lab_plugin_api::Dataset;
use serde::Serialize;

use super::{
    duplicates::{Group, Position, across, groups, within},
    scan::Scan,
    spread::{Spread, Tokens},
    token_count::TokenCounter,
};
use crate::{
    commands::sources::Sources,
    input::{captions_follow_classes, folded},
};

/// Members of a group that are listed: a caption made from a class name may belong to thousands of images.
const MAX_LISTED: usize = 20;

/// The report of `data inspect`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The data set.
    pub data: String,
    /// The tokenizer, and its maximum length.
    pub tokenizer: String,
    pub max_tokens: usize,
    pub splits: Vec<Split>,
    /// Images with the same bytes.
    pub same_pictures: Repeats,
    /// Equal captions of different images.
    pub same_captions: Repeats,
}

/// One split.
#[derive(Debug, Serialize)]
pub(super) struct Split {
    pub name: String,
    #[serde(rename = "pictures")]
    pub images: usize,
    pub captions: usize,
    /// Number of images by their number of captions.
    pub captions_each: BTreeMap<usize, usize>,
    pub classes: usize,
    /// Whether captions are made from class names; their duplicates are not counted then.
    pub captions_of_classes: bool,
    /// Images per class.
    pub class_sizes: Option<Spread>,
    pub bytes: u64,
    pub formats: BTreeMap<String, usize>,
    /// Images whose file extension names another format.
    pub misnamed: usize,
    pub width: Option<Spread>,
    pub height: Option<Spread>,
    pub file_bytes: Option<Spread>,
    pub characters: Option<Spread>,
    pub tokens: Option<Tokens>,
    /// Items that the data set skipped on opening.
    pub left_out: Vec<String>,
    pub broken: Vec<Fault>,
}

/// An unusable image.
#[derive(Debug, Serialize)]
pub(super) struct Fault {
    pub name: String,
    pub why: String,
}

/// Duplicates.
#[derive(Debug, Serialize)]
pub(super) struct Repeats {
    /// Duplicates within each split.
    pub within: BTreeMap<String, usize>,
    /// Duplicates shared by two splits.
    pub across: Vec<Shared>,
    /// All groups of duplicates.
    pub groups: Vec<Group>,
}

/// The number of duplicates shared by two splits.
#[derive(Debug, Serialize)]
pub(super) struct Shared {
    pub splits: [String; 2],
    pub count: usize,
}

impl Report {
    /// Summarises the scans.
    ///
    /// # Errors
    /// If the tokenizer fails.
    pub(super) fn new(
        path: &Path,
        sources: &Sources,
        scans: &[Vec<Scan>],
        counter: &TokenCounter,
    ) -> Result<Self> {
        let splits = sources.iter().zip(scans);
        let splits = splits.map(|((name, data), scans)| Split::new(name, data.as_ref(), scans, counter));
        let splits = splits.collect::<Result<Vec<_>>>()?;
        let hashes = scans.iter().enumerate().flat_map(|(split, scans)| {
            scans.iter().enumerate().filter_map(move |(index, scan)| Some((scan.hash?, (split, index))))
        });
        let images = groups(hashes).into_iter().map(|(_, positions)| (None, positions)).collect();
        let has_own_captions = |(_, split): &(usize, &Split)| !split.captions_of_classes;
        let captions = splits.iter().enumerate().filter(has_own_captions).flat_map(|(split, _)| {
            let data = &sources[split].1;
            (0..data.len()).flat_map(move |index| {
                data.captions(index).iter().map(move |caption| (folded(caption), (split, index)))
            })
        });
        let captions =
            groups(captions).into_iter().map(|(caption, positions)| (Some(caption), positions)).collect();
        Ok(Self {
            data: path.display().to_string(),
            tokenizer: counter.name.clone(),
            max_tokens: counter.max_tokens,
            splits,
            same_pictures: Repeats::new(images, sources),
            same_captions: Repeats::new(captions, sources),
        })
    }
}

impl Split {
    fn new(name: &str, data: &dyn Dataset, scans: &[Scan], counter: &TokenCounter) -> Result<Self> {
        let mut formats = BTreeMap::new();
        for format in scans.iter().filter_map(|scan| scan.format) {
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
        let sizes = || scans.iter().filter_map(|scan| scan.size);
        let faults = scans.iter().enumerate().filter_map(|(index, scan)| Some((index, scan.fault.clone()?)));
        let captions = (0..data.len()).flat_map(|index| data.captions(index));
        let characters: Vec<u64> = captions.map(|caption| caption.chars().count() as u64).collect();
        Ok(Self {
            name: name.to_owned(),
            images: data.len(),
            captions: characters.len(),
            captions_each,
            classes: data.classes().len(),
            captions_of_classes: captions_follow_classes(data),
            class_sizes: Spread::of(class_sizes),
            bytes: scans.iter().map(|scan| scan.bytes).sum(),
            formats,
            misnamed: scans.iter().filter(|scan| scan.misnamed).count(),
            width: Spread::of(sizes().map(|(width, _)| width.into()).collect()),
            height: Spread::of(sizes().map(|(_, height)| height.into()).collect()),
            file_bytes: Spread::of(
                scans.iter().filter(|scan| scan.hash.is_some()).map(|scan| scan.bytes).collect(),
            ),
            characters: Spread::of(characters),
            tokens: counter.count(data)?,
            left_out: data.skipped().to_vec(),
            broken: faults.map(|(index, why)| Fault { name: data.name(index), why }).collect(),
        })
    }
}

impl Repeats {
    fn new(found: Vec<(Option<String>, Vec<Position>)>, sources: &Sources) -> Self {
        let (values, positions): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let name = |split: usize| sources[split].0.to_owned();
        let shared = across(&positions).into_iter();
        let shared = shared.map(|((a, b), count)| Shared { splits: [name(a), name(b)], count });
        let within = within(&positions, sources.len()).into_iter().enumerate();
        let within = within.map(|(split, count)| (name(split), count)).collect();
        let path =
            |(split, index): &Position| format!("{}/{}", sources[*split].0, sources[*split].1.name(*index));
        let group = |(what, positions): (Option<String>, &Vec<Position>)| {
            let mut splits: Vec<usize> = positions.iter().map(|(split, _)| *split).collect();
            splits.dedup();
            Group {
                what,
                count: positions.len(),
                of: positions.iter().take(MAX_LISTED).map(path).collect(),
                splits,
            }
        };
        let groups = values.into_iter().zip(&positions).map(group).collect();
        Self { within, across: shared.collect(), groups }
    }
}
