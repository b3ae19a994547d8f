//! Prompt templates as the command line names them.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_files::{MIB, read_text_capped};
use plugins_eval::{Named, Templates};
use serde::Deserialize;

/// The largest file of templates.
const MOST_TEMPLATES: u64 = 16 * MIB;

/// A file of templates.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    templates: Templates,
}

/// The named set, or the templates of a file: TOML with `templates`, or text with one a line.
///
/// # Errors
/// When there is neither set nor file of that name, or a template has no place for the class.
pub fn read(named: &str) -> Result<Templates> {
    if let Some(set) = Named::ALL.into_iter().find(|set| set.name() == named) {
        return Ok(Templates::Named(set));
    }
    let path = Path::new(named);
    if !path.exists() {
        let sets = Named::ALL.map(Named::name).join(", ");
        bail!("`{named}` is no set of templates and no file; the sets are {sets}");
    }
    let text = read_text_capped(path, MOST_TEMPLATES).with_context(|| format!("reading {named}"))?;
    let templates = match path.extension().is_some_and(|ending| ending == "toml") {
        true => toml::from_str::<File>(&text).with_context(|| format!("the templates of {named}"))?.templates,
        false => {
            Templates::Own(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
        }
    };
    let list = templates.list();
    ensure!(!list.is_empty(), "{named} holds no template");
    let without = list.iter().find(|template| !template.contains("{}"));
    if let Some(template) = without {
        bail!("{named}: `{template}` has no {{}}, where the class goes");
    }
    Ok(templates)
}
