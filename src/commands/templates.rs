//! Prompt templates of the command line.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_files::{MIB, read_text_capped};
use clip_lab_plugin_api::templates::{Named, Templates};
use serde::Deserialize;

/// Size limit of a template file.
const MAX_TEMPLATES_FILE: u64 = 16 * MIB;

/// A template file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    templates: Templates,
}

/// The named template set, or the templates in a file: TOML with `templates`, or text with one per line.
///
/// # Errors
/// If no set or file has that name, or a template has no `{}` for the class.
pub fn read(named: &str) -> Result<Templates> {
    if let Some(set) = Named::ALL.into_iter().find(|set| set.name() == named) {
        return Ok(Templates::Named(set));
    }
    let path = Path::new(named);
    if !path.exists() {
        let sets = Named::ALL.map(Named::name).join(", ");
        bail!("`{named}` is neither a template set nor a file; the sets are {sets}");
    }
    let text = read_text_capped(path, MAX_TEMPLATES_FILE).with_context(|| format!("reading {named}"))?;
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
        bail!("{named}: `{template}` has no {{}} for the class");
    }
    Ok(templates)
}
