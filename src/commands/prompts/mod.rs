//! `clip-lab prompts`: accuracy of each prompt template, and the few that classify best together.

mod findings;
mod halves;
mod print;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use clip_lab_api::{Catalog, Dataset, Embedded as _};
use clip_lab_cli::{PromptsArgs, say, shown};
use plugins_eval::{Ensemble, Named, Pictures, Templates, labelled, pick};
use tch::Tensor;

use self::{findings::Findings, halves::Halves};
use super::{subject::Data, target::Target, templates, viewer::Viewer};
use crate::train::View;

/// Tries the templates and prints what they are worth.
///
/// # Errors
/// When the model, the data or the templates cannot be read, or the pictures have no classes.
pub fn prompts(args: &PromptsArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let named = args.data.templates.as_deref();
    let templates = named.map_or(Ok(Templates::Named(Named::Openai80)), templates::read)?;
    let target = Target::find(&args.model, args.weights, &args.set, store, catalog)?;
    let data = Data::open(&args.data, &args.model, &args.set, store, catalog)?;
    let halves = Halves::of(data, &args.select, &args.report)?;
    say!("{}", shown(halves.words()));
    let towers = Viewer::build(&target)?;
    let (select, report) = halves.look(&towers)?;
    let ensemble = embed(&towers, &templates, halves.classes())?;
    let findings = Findings::of(&ensemble, &select, &report, args.most as usize, |taken| {
        let template = templates.list()[taken.template];
        say!("  {:.4} on the part that selects with `{}`", taken.accuracy, shown(template));
    })?;
    print::findings(args, &templates, &halves, &findings);
    Ok(())
}

/// The texts of every template, embedded.
fn embed(towers: &Viewer, templates: &Templates, classes: &[String]) -> Result<Ensemble> {
    let scene = towers.towers();
    let filled = templates.fill(classes);
    say!("embedding {} templates for {} classes", filled.len(), classes.len());
    let one = |texts: &Vec<String>| -> Result<Tensor> {
        scene.embed_texts(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    Ensemble::new(filled.iter().map(one).collect::<Result<_>>()?)
}

/// The pictures of `data` that have a class, embedded, and their names.
fn pictures(towers: &Viewer, data: &Arc<dyn Dataset>) -> Result<(Pictures, Vec<String>)> {
    let scene = towers.towers();
    let view = View::new(&scene, data.clone(), &towers.look(data)?)?;
    let (which, labels) = labelled("prompts", view.data()).context("prompts need classes")?;
    let names = which.iter().map(|&index| view.data().name(index as usize)).collect();
    Ok((Pictures { images: pick(&view.images()?, &which)?, labels }, names))
}
