//! Data sets as users name them: a spec's, or what a folder looks like.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Catalog, Dataset, Plugin, TOLERATE};
use clip_lab_hub::data_folder;
use plugins_data::{CaptionFolder, ImageFolder, ShardList, Source, Split as Part, WebDataset};

use crate::{
    plan::{Plan, Split, plan},
    spec::{Report, Spec},
};

/// Splits by name.
pub type Sources = Vec<(&'static str, Box<dyn Dataset>)>;

/// The parts that a data set can have.
const PARTS: [(&str, Part); 3] = [("train", Part::Train), ("val", Part::Val), ("test", Part::Test)];
/// Of which part results are told when nobody says: the first that is there.
const REPORTED: [&str; 4] = ["test", "val", "all", "train"];

/// What becomes of a list of captions that names no splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsplit {
    /// A hash of each picture's name says where it belongs, as in training.
    Hashed,
    /// It is one part, `all`.
    Whole,
}

/// How a data set is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// What becomes of what names no splits.
    pub unsplit: Unsplit,
    /// The share that may be bad; goes before the one that a data set allows itself.
    pub tolerate: Option<f64>,
}

/// The splits of a spec and its plan, or those that a folder, here or of the hub, has.
///
/// # Errors
/// When nothing there is a data set, or a part holds no picture.
pub fn open(
    data: &Path,
    sets: &[String],
    taken: Taken,
    catalog: &Catalog,
) -> Result<(Sources, Option<Plan>)> {
    let named = data;
    let data = &data_folder(named)?;
    let (sources, plan) = match data.is_dir() {
        true => (folder(data, taken)?, None),
        false => {
            // What the hub holds is nobody's own word.
            let plan = spec(data, named == data, sets, taken.tolerate, catalog)?;
            (planned(&plan)?, Some(plan))
        }
    };
    for (split, part) in &sources {
        ensure!(!part.is_empty(), "{split} of {} holds no picture", data.display());
    }
    Ok((sources, plan))
}

/// The part called `split`, or the one that results are told of.
///
/// # Errors
/// When there is no such part.
pub fn choose(sources: Sources, split: Option<&str>) -> Result<(&'static str, Box<dyn Dataset>)> {
    let there: Vec<&str> = sources.iter().map(|(name, _)| *name).collect();
    let wanted = match split {
        Some(split) => there.iter().find(|name| **name == split),
        None => REPORTED.iter().find(|name| there.contains(name)),
    };
    let wanted = *wanted.with_context(|| {
        let parts = there.join(", ");
        format!("the data has no part `{}`; it has {parts}", split.unwrap_or("test"))
    })?;
    let found = sources.into_iter().find(|(name, _)| *name == wanted);
    found.context("the data set has no part")
}

fn spec(data: &Path, own: bool, sets: &[String], tolerate: Option<f64>, catalog: &Catalog) -> Result<Plan> {
    ensure!(data.exists(), "there is no folder and no spec {}", data.display());
    let read = |sets: &[String]| -> Result<Spec, Report> {
        let spec = Spec::read(data, sets)?;
        Ok(if own { spec.as_own() } else { spec })
    };
    let first = plan(read(sets)?, catalog)?;
    let Some(share) = tolerate else { return Ok(first) };
    // Said of the tables that know the word.
    let data_of = &first.data;
    let splits =
        [("train", Some(&data_of.train)), ("val", data_of.val.as_ref()), ("test", data_of.test.as_ref())];
    let known = splits
        .iter()
        .filter(|(_, split)| split.is_some_and(|split| split.settings.get("tolerate").is_some()));
    let more = known.map(|(split, _)| format!("data.{split}.tolerate={share:?}"));
    let sets: Vec<String> = sets.iter().cloned().chain(more).collect();
    Ok(plan(read(&sets)?, catalog)?)
}

/// The splits of a plan.
///
/// # Errors
/// When one cannot be opened.
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

fn folder(root: &Path, taken: Taken) -> Result<Sources> {
    let tars = tars(root)?;
    if !tars.is_empty() {
        return shards(root, tars, taken);
    }
    let no_list = match captions(root, Part::All, taken) {
        Ok(all) => return Ok(captioned(root, all, taken)),
        Err(error) => error,
    };
    let classes =
        classes(root, taken).with_context(|| format!("it is no folder of captions either ({no_list:#})"))?;
    ensure!(!classes.is_empty(), "{} holds no data set: {no_list:#}", root.display());
    Ok(classes)
}

impl Taken {
    /// What to call what is one part only.
    fn whole(self) -> &'static str {
        if self.unsplit == Unsplit::Whole { "all" } else { "train" }
    }

    fn share(self) -> f64 {
        self.tolerate.unwrap_or(TOLERATE)
    }
}

fn captions(root: &Path, split: Part, taken: Taken) -> Result<Box<dyn Dataset>> {
    let settings =
        CaptionFolder { root: root.to_owned(), split, tolerate: taken.share(), ..CaptionFolder::default() };
    match taken.unsplit {
        Unsplit::Hashed => settings.build(()),
        Unsplit::Whole => CaptionFolder { val_fraction: 0.0, test_fraction: 0.0, ..settings }.build(()),
    }
}

/// The parts of a list of captions; what fails here and not as a whole is a part without pictures.
fn captioned(root: &Path, all: Box<dyn Dataset>, taken: Taken) -> Sources {
    let parts = PARTS.map(|(name, part)| Some((name, captions(root, part, taken).ok()?)));
    let mut there: Sources = parts.into_iter().flatten().collect();
    if taken.unsplit == Unsplit::Whole {
        // A list without splits is all for training, which is no part to speak of.
        there.retain(|(name, part)| *name != "train" || part.len() < all.len());
        there.push(("all", all));
    }
    there
}

/// A folder for each class, or folders `train`, `val` and `test` of those.
fn classes(root: &Path, taken: Taken) -> Result<Sources> {
    let open = |root: &Path| {
        ImageFolder { root: root.to_owned(), tolerate: taken.share(), ..ImageFolder::default() }.build(())
    };
    let there: Vec<_> = PARTS.into_iter().filter(|(name, _)| root.join(name).is_dir()).collect();
    if there.is_empty() {
        return Ok(vec![(taken.whole(), open(root)?)]);
    }
    there.into_iter().map(|(name, _)| Ok((name, open(&root.join(name))?))).collect()
}

/// The tar files in a folder, each with the part that its name says.
fn tars(root: &Path) -> Result<Vec<(Option<Part>, String)>> {
    let entries = fs::read_dir(root).with_context(|| format!("folder {} cannot be read", root.display()))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let tars = paths.filter(|path| path.extension().is_some_and(|ending| ending == "tar") && path.is_file());
    let part = |path: &Path| Part::in_path(&path.file_name().unwrap_or_default().to_string_lossy());
    let mut found: Vec<_> = tars.map(|path| (part(&path), path.to_string_lossy().into_owned())).collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}

fn shards(root: &Path, tars: Vec<(Option<Part>, String)>, taken: Taken) -> Result<Sources> {
    let of = |wanted: Option<Part>| {
        let mine = tars.iter().filter(|(part, _)| *part == wanted);
        mine.map(|(_, path)| Source::Plain(path.clone())).collect::<Vec<_>>()
    };
    let unnamed = of(None);
    ensure!(
        unnamed.is_empty() || unnamed.len() == tars.len(),
        "{}: the names of {} of {} shards say of which split they are, the others do not; name those that are meant in \
         a spec",
        root.display(),
        tars.len() - unnamed.len(),
        tars.len()
    );
    let parts =
        PARTS.map(|(name, part)| (name, of(Some(part)))).into_iter().chain([(taken.whole(), unnamed)]);
    let open = |(name, tars): (&'static str, Vec<Source>)| {
        let mut settings = WebDataset { shards: ShardList::Several(tars), ..WebDataset::default() };
        settings.tolerate = taken.tolerate.unwrap_or(settings.tolerate);
        Ok((name, settings.build(()).with_context(|| format!("shards of {name}"))?))
    };
    parts.filter(|(_, tars)| !tars.is_empty()).map(open).collect()
}
