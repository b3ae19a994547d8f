//! Opens the data set that the user names: of a spec, or a folder whose format is detected.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_hub::data_folder;
use clip_lab_plugin_api::{Catalog, Dataset, Plugin, TOLERATE};
use plugins_data::{CaptionFolder, ImageFolder, ShardList, Source, Split as Part, WebDataset};

use crate::{
    plan::{Plan, Split, plan},
    spec::{Report, Spec},
};

/// Splits by name.
pub type Sources = Vec<(&'static str, Box<dyn Dataset>)>;

/// The splits of a data set.
const PARTS: [(&str, Part); 3] = [("train", Part::Train), ("val", Part::Val), ("test", Part::Test)];
/// The default split to evaluate: the first available.
const DEFAULT_ORDER: [&str; 4] = ["test", "val", "all", "train"];

/// How to split a caption list that names no splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsplit {
    /// By a hash of each image's name, as in training.
    Hashed,
    /// Not at all: one split, `all`.
    Whole,
}

/// Options for opening a data set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpenOptions {
    /// How to split a caption list that names no splits.
    pub unsplit: Unsplit,
    /// The share of items that may be unreadable; overrides the data set's own.
    pub tolerate: Option<f64>,
}

/// The splits of a spec and its plan, or of a local or hub folder.
///
/// # Errors
/// If no data set is found, or a split holds no image.
pub fn open(
    data: &Path,
    sets: &[String],
    options: OpenOptions,
    catalog: &Catalog,
) -> Result<(Sources, Option<Plan>)> {
    let named = data;
    let data = &data_folder(named)?;
    let (sources, plan) = match data.is_dir() {
        true => (folder(data, options)?, None),
        false => {
            // A spec from the hub is not trusted.
            let plan = spec(data, named == data, sets, options.tolerate, catalog)?;
            (planned(&plan)?, Some(plan))
        }
    };
    for (split, part) in &sources {
        ensure!(!part.is_empty(), "{split} of {} holds no image", data.display());
    }
    Ok((sources, plan))
}

/// The split called `split`, or the default one.
///
/// # Errors
/// If the data has no such split.
pub fn choose(sources: Sources, split: Option<&str>) -> Result<(&'static str, Box<dyn Dataset>)> {
    let available: Vec<&str> = sources.iter().map(|(name, _)| *name).collect();
    let chosen = match split {
        Some(split) => available.iter().find(|name| **name == split),
        None => DEFAULT_ORDER.iter().find(|name| available.contains(name)),
    };
    let chosen = *chosen.with_context(|| {
        let splits = available.join(", ");
        format!("the data has no split `{}`; it has {splits}", split.unwrap_or("test"))
    })?;
    let found = sources.into_iter().find(|(name, _)| *name == chosen);
    found.context("the data set has no split")
}

fn spec(
    data: &Path,
    trusted: bool,
    sets: &[String],
    tolerate: Option<f64>,
    catalog: &Catalog,
) -> Result<Plan> {
    ensure!(data.exists(), "`{}` is neither a folder nor a spec", data.display());
    let read = |sets: &[String]| -> Result<Spec, Report> {
        let spec = Spec::read(data, sets)?;
        Ok(if trusted { spec.into_trusted() } else { spec })
    };
    let first = plan(read(sets)?, catalog)?;
    let Some(share) = tolerate else { return Ok(first) };
    // Set in the tables whose plugin has this setting.
    let data_of = &first.data;
    let splits =
        [("train", Some(&data_of.train)), ("val", data_of.val.as_ref()), ("test", data_of.test.as_ref())];
    let tolerant = splits
        .iter()
        .filter(|(_, split)| split.is_some_and(|split| split.settings.get("tolerate").is_some()));
    let more = tolerant.map(|(split, _)| format!("data.{split}.tolerate={share:?}"));
    let sets: Vec<String> = sets.iter().cloned().chain(more).collect();
    Ok(plan(read(&sets)?, catalog)?)
}

/// The splits of a plan.
///
/// # Errors
/// If one cannot be opened.
pub fn planned(plan: &Plan) -> Result<Sources> {
    let mut sources = vec![("train", plan.data.train.build(()).context("[data.train]")?)];
    for split in [Split::Val, Split::Test] {
        if let Some(planned) = plan.data.split(split) {
            let data = planned.build(()).with_context(|| format!("[data.{}]", split.as_str()))?;
            sources.push((split.as_str(), data));
        }
    }
    Ok(sources)
}

fn folder(root: &Path, options: OpenOptions) -> Result<Sources> {
    let tars = tars(root)?;
    if !tars.is_empty() {
        return shards(root, tars, options);
    }
    let no_list = match captions(root, Part::All, options) {
        Ok(all) => return Ok(captioned(root, all, options)),
        Err(error) => error,
    };
    let classes =
        classes(root, options).with_context(|| format!("not a caption folder either ({no_list:#})"))?;
    ensure!(!classes.is_empty(), "{} holds no data set: {no_list:#}", root.display());
    Ok(classes)
}

impl OpenOptions {
    /// The name of unsplit data.
    fn whole_name(self) -> &'static str {
        if self.unsplit == Unsplit::Whole { "all" } else { "train" }
    }

    fn share(self) -> f64 {
        self.tolerate.unwrap_or(TOLERATE)
    }
}

fn captions(root: &Path, split: Part, options: OpenOptions) -> Result<Box<dyn Dataset>> {
    let settings =
        CaptionFolder { root: root.to_owned(), split, tolerate: options.share(), ..CaptionFolder::default() };
    match options.unsplit {
        Unsplit::Hashed => settings.build(()),
        Unsplit::Whole => CaptionFolder { val_fraction: 0.0, test_fraction: 0.0, ..settings }.build(()),
    }
}

/// The splits of a caption list. A split that cannot be opened while the whole list can is an empty one.
fn captioned(root: &Path, all: Box<dyn Dataset>, options: OpenOptions) -> Sources {
    let parts = PARTS.map(|(name, part)| Some((name, captions(root, part, options).ok()?)));
    let mut available: Sources = parts.into_iter().flatten().collect();
    if options.unsplit == Unsplit::Whole {
        // In a list without splits, train is the whole list.
        available.retain(|(name, part)| *name != "train" || part.len() < all.len());
        available.push(("all", all));
    }
    available
}

/// A folder per class, or folders `train`, `val` and `test` of such folders.
fn classes(root: &Path, options: OpenOptions) -> Result<Sources> {
    let open = |root: &Path| {
        ImageFolder { root: root.to_owned(), tolerate: options.share(), ..ImageFolder::default() }.build(())
    };
    let splits: Vec<_> = PARTS.into_iter().filter(|(name, _)| root.join(name).is_dir()).collect();
    if splits.is_empty() {
        return Ok(vec![(options.whole_name(), open(root)?)]);
    }
    splits.into_iter().map(|(name, _)| Ok((name, open(&root.join(name))?))).collect()
}

/// The tar files in a folder, each with the split in its name.
fn tars(root: &Path) -> Result<Vec<(Option<Part>, String)>> {
    let entries = fs::read_dir(root).with_context(|| format!("folder {} cannot be read", root.display()))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let tars = paths.filter(|path| path.extension().is_some_and(|ending| ending == "tar") && path.is_file());
    let part = |path: &Path| Part::in_path(&path.file_name().unwrap_or_default().to_string_lossy());
    let mut found: Vec<_> = tars.map(|path| (part(&path), path.to_string_lossy().into_owned())).collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}

fn shards(root: &Path, tars: Vec<(Option<Part>, String)>, options: OpenOptions) -> Result<Sources> {
    let of = |split: Option<Part>| {
        let matching = tars.iter().filter(|(part, _)| *part == split);
        matching.map(|(_, path)| Source::Plain(path.clone())).collect::<Vec<_>>()
    };
    let unnamed = of(None);
    ensure!(
        unnamed.is_empty() || unnamed.len() == tars.len(),
        "{}: only {} of {} shards name their split; list the shards of each split in a spec",
        root.display(),
        tars.len() - unnamed.len(),
        tars.len()
    );
    let parts =
        PARTS.map(|(name, part)| (name, of(Some(part)))).into_iter().chain([(options.whole_name(), unnamed)]);
    let open = |(name, tars): (&'static str, Vec<Source>)| {
        let mut settings = WebDataset { shards: ShardList::Several(tars), ..WebDataset::default() };
        settings.tolerate = options.tolerate.unwrap_or(settings.tolerate);
        Ok((name, settings.build(()).with_context(|| format!("shards of {name}"))?))
    };
    parts.filter(|(_, tars)| !tars.is_empty()).map(open).collect()
}
