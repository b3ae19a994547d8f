//! `clip-lab prompts`: evaluates prompt templates and selects the best ensemble.

mod findings;
mod print;
mod select_report;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use clip_lab_cli::{PromptsArgs, note, shown};
use clip_lab_plugin_api::{
    Catalog, Dataset, Embedded as _,
    templates::{Named, Templates},
};
use plugins_eval::{Ensemble, Images, labelled, pick};
use tch::Tensor;

use self::{findings::Findings, select_report::SelectReport};
use super::{embedder::Embedder, eval_data::EvalData, target::Target, templates};
use crate::train::EmbeddedData;

/// Evaluates the templates and prints their accuracies.
///
/// # Errors
/// If the model, the data or the templates cannot be read, or the images have no classes.
pub fn prompts(args: &PromptsArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let named = args.data.templates.as_deref();
    let templates = named.map_or(Ok(Templates::Named(Named::Openai80)), templates::read)?;
    let target = Target::find(&args.model, args.weights, &args.set, store, catalog)?;
    let data = EvalData::open(&args.data, &args.model, &args.set, store, catalog)?;
    let splits = SelectReport::of(data, &args.select, &args.report)?;
    note!("{}", shown(splits.description()));
    let model = Embedder::build(&target)?;
    let (select, report) = splits.embed(&model)?;
    let ensemble = embed_templates(&model, &templates, splits.classes())?;
    let findings = Findings::of(&ensemble, &select, &report, args.most as usize, |taken| {
        let template = templates.list()[taken.template];
        note!("  {:.4} on the selection split after adding `{}`", taken.accuracy, shown(template));
    })?;
    print::findings(args, &templates, &splits, &findings);
    Ok(())
}

/// Embeds the class texts of every template.
fn embed_templates(model: &Embedder, templates: &Templates, classes: &[String]) -> Result<Ensemble> {
    let towers = model.towers();
    let filled = templates.fill(classes);
    note!("embedding {} templates for {} classes", filled.len(), classes.len());
    let one = |texts: &Vec<String>| -> Result<Tensor> {
        towers.embed_texts(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    Ensemble::new(filled.iter().map(one).collect::<Result<_>>()?)
}

/// Embeds the images of `data` that have a class; also returns their names.
fn embed_images(model: &Embedder, data: &Arc<dyn Dataset>) -> Result<(Images, Vec<String>)> {
    let towers = model.towers();
    let embedded = EmbeddedData::new(&towers, data.clone(), &model.features(data)?)?;
    let (which, labels) = labelled("prompts", embedded.data()).context("prompts need classes")?;
    let names = which.iter().map(|&index| embedded.data().name(index as usize)).collect();
    Ok((Images { images: pick(&embedded.images()?, &which)?, labels }, names))
}
