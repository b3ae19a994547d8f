//! The data sets that a spec or a folder holds.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Catalog, Dataset, Plugin};
use clip_lab_hub::data_folder;
use plugins_data::{CaptionFolder, ImageFolder, ShardList, Source, Split as Part, WebDataset};

use crate::{
    plan::{Plan, Split, plan},
    spec::Spec,
};

/// Splits by name.
pub(super) type Sources = Vec<(&'static str, Box<dyn Dataset>)>;

const PARTS: [(&str, Part); 3] = [("train", Part::Train), ("val", Part::Val), ("test", Part::Test)];

/// The splits that `path` holds, a spec or a folder, and the plan of the spec. `tolerate` goes before the share that a data
/// set allows itself.
///
/// # Errors
/// When nothing is there, or a split cannot be opened or is empty.
pub(super) fn open(
    path: &Path,
    sets: &[String],
    tolerate: Option<f64>,
    catalog: &Catalog,
) -> Result<(Sources, Option<Plan>)> {
    let path = &data_folder(path)?;
    let (sources, plan) = match path.is_dir() {
        true => (folder(path, tolerate)?, None),
        false => spec(path, sets, tolerate, catalog).map(|(sources, plan)| (sources, Some(plan)))?,
    };
    for (split, data) in &sources {
        ensure!(!data.is_empty(), "{split} holds no picture");
    }
    Ok((sources, plan))
}

fn spec(path: &Path, sets: &[String], tolerate: Option<f64>, catalog: &Catalog) -> Result<(Sources, Plan)> {
    let mut plan = plan(Spec::read(path, sets)?, catalog)?;
    if let Some(share) = tolerate {
        // Said of the tables that know the word.
        let splits = [
            ("train", Some(&plan.data.train)),
            ("val", plan.data.val.as_ref()),
            ("test", plan.data.test.as_ref()),
        ];
        let known = splits
            .iter()
            .filter(|(_, data)| data.is_some_and(|data| data.settings.get("tolerate").is_some()));
        let more = known.map(|(split, _)| format!("data.{split}.tolerate={share:?}"));
        let sets: Vec<String> = sets.iter().cloned().chain(more).collect();
        plan = self::plan(Spec::read(path, &sets)?, catalog)?;
    }
    let mut sources = vec![("train", plan.data.train.build(()).context("[data.train]")?)];
    for split in [Split::Val, Split::Test] {
        if let Some(planned) = plan.data.split(split) {
            let data = planned.build(()).with_context(|| format!("[data.{}]", split.as_str()))?;
            sources.push((split.as_str(), data));
        }
    }
    Ok((sources, plan))
}

/// Tar shards, pictures with captions, or pictures in the folders of their classes.
fn folder(root: &Path, tolerate: Option<f64>) -> Result<Sources> {
    let shards = shards(root)?;
    if !shards.is_empty() {
        return packed(shards, tolerate);
    }
    let share = tolerate.unwrap_or(clip_lab_api::TOLERATE);
    let captions =
        |split| CaptionFolder { root: root.to_owned(), split, tolerate: share, ..CaptionFolder::default() };
    let no_list = match captions(Part::All).build(()) {
        Ok(_) => {
            // What fails here and not as a whole is a part without pictures.
            let there = PARTS.map(|(name, part)| Some((name, captions(part).build(()).ok()?)));
            return Ok(there.into_iter().flatten().collect());
        }
        Err(error) => error,
    };
    let classes =
        classes(root, share).with_context(|| format!("it is no folder of captions either ({no_list:#})"))?;
    ensure!(!classes.is_empty(), "{} holds no data set: {no_list:#}", root.display());
    Ok(classes)
}

/// A folder for each class, or folders `train`, `val` and `test` of those.
fn classes(root: &Path, tolerate: f64) -> Result<Sources> {
    let open =
        |root: &Path| ImageFolder { root: root.to_owned(), tolerate, ..ImageFolder::default() }.build(());
    let parts = PARTS.map(|(name, _)| (name, root.join(name)));
    if parts[0].1.is_dir() {
        let there = parts.into_iter().filter(|(_, folder)| folder.is_dir());
        return there.map(|(name, folder)| Ok((name, open(&folder)?))).collect();
    }
    Ok(vec![("train", open(root)?)])
}

/// The shards in a folder, each with the part that its name says.
fn shards(root: &Path) -> Result<Vec<(Part, String)>> {
    let entries = fs::read_dir(root).with_context(|| format!("folder {} cannot be read", root.display()))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let tars = paths.filter(|path| path.extension().is_some_and(|ending| ending == "tar") && path.is_file());
    let part = |path: &Path| Part::in_path(&path.file_name().unwrap_or_default().to_string_lossy());
    let mut found: Vec<(Part, String)> =
        tars.map(|path| (part(&path).unwrap_or_default(), path.to_string_lossy().into_owned())).collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}

fn packed(shards: Vec<(Part, String)>, tolerate: Option<f64>) -> Result<Sources> {
    let of = |part: Part| {
        let mine = shards.iter().filter(|(other, _)| *other == part);
        mine.map(|(_, path)| Source::Plain(path.clone())).collect::<Vec<_>>()
    };
    let there = PARTS.into_iter().filter(|(_, part)| !of(*part).is_empty());
    let open = |(name, part)| {
        let mut settings = WebDataset { shards: ShardList::Several(of(part)), ..WebDataset::default() };
        settings.tolerate = tolerate.unwrap_or(settings.tolerate);
        Ok((name, settings.build(()).with_context(|| format!("shards of {name}"))?))
    };
    there.map(open).collect()
}
