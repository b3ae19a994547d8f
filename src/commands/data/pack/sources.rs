//! What is packed.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Catalog, Dataset, Plugin};
use clip_lab_cli::PackArgs;
use plugins_data::{CaptionFolder, ImageFolder, Split as Part};

use super::not_empty;
use crate::{
    plan::{Split, plan},
    spec::Spec,
};

/// Splits by name.
pub(super) type Sources = Vec<(&'static str, Box<dyn Dataset>)>;

/// The splits of a spec, or those that a folder has.
pub(super) fn open(args: &PackArgs, catalog: &Catalog) -> Result<Sources> {
    let sources = match args.data.is_dir() {
        true => folder(&args.data)?,
        false => spec(args, catalog)?,
    };
    sources.iter().try_for_each(|(split, data)| not_empty(data.as_ref(), split))?;
    Ok(sources)
}

fn spec(args: &PackArgs, catalog: &Catalog) -> Result<Sources> {
    let plan = plan(Spec::read(&args.data, &args.set)?, catalog)?;
    let mut sources = vec![("train", plan.data.train.build(()).context("[data.train]")?)];
    for split in [Split::Val, Split::Test] {
        if let Some(planned) = plan.data.split(split) {
            sources.push((
                split.as_str(),
                planned.build(()).with_context(|| format!("[data.{}]", split.as_str()))?,
            ));
        }
    }
    Ok(sources)
}

fn folder(root: &Path) -> Result<Sources> {
    let captions = |split| CaptionFolder { root: root.to_owned(), split, ..CaptionFolder::default() };
    let no_list = match captions(Part::All).build(()) {
        Ok(_) => {
            let parts = [("train", Part::Train), ("val", Part::Val), ("test", Part::Test)];
            // What fails here and not as a whole is a part without pictures.
            let there = parts.map(|(name, part)| Some((name, captions(part).build(()).ok()?)));
            return Ok(there.into_iter().flatten().collect());
        }
        Err(error) => error,
    };
    let classes =
        classes(root).with_context(|| format!("it is no folder of captions either ({no_list:#})"))?;
    ensure!(!classes.is_empty(), "{} holds no data set: {no_list:#}", root.display());
    Ok(classes)
}

/// A folder for each class, or folders `train`, `val` and `test` of those.
fn classes(root: &Path) -> Result<Sources> {
    let open = |root: &Path| ImageFolder { root: root.to_owned(), ..ImageFolder::default() }.build(());
    let parts = ["train", "val", "test"].map(|name| (name, root.join(name)));
    if parts[0].1.is_dir() {
        let there = parts.into_iter().filter(|(_, folder)| folder.is_dir());
        return there.map(|(name, folder)| Ok((name, open(&folder)?))).collect();
    }
    Ok(vec![("train", open(root)?)])
}
