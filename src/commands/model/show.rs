//! `clip-lab model show`: prints the parts, sizes and settings of a model.

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_checkpoint::{Checkpoint, Classifier, Import, Preprocess};
use clip_lab_cli::{ModelShowArgs, json_document, out, print, shown};
use clip_lab_escape::thousands;
use clip_lab_plugin_api::Catalog;
use clip_lab_store::Reader;
use serde_json::{Value, json};
use tch::Device;

use crate::commands::target::{Target, folder_spec, hides_folder, is_checkpoint, note_folder};

/// Longer lists are truncated to this length.
const MAX_ITEMS: usize = 10;

/// One part of a checkpoint.
struct Part {
    name: &'static str,
    import: Result<Option<Import>>,
}

/// Prints a model.
///
/// # Errors
/// If nothing has that name, or its layout is unknown.
pub fn show(args: &ModelShowArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let from = resolve(&args.model, store)?;
    let checkpoint = clip_lab_checkpoint::open(&from)?;
    let parts = parts(&checkpoint);
    let preprocess = checkpoint.preprocess();
    let spec = folder_spec(&from, &checkpoint);
    let loads = loads(&from, catalog);
    if args.json {
        let parts: serde_json::Map<String, Value> =
            parts.iter().filter_map(|part| Some((part.name.to_owned(), part.json()?))).collect();
        let total: i64 = parts.values().filter_map(|part| part["parameters"].as_i64()).sum();
        let all = json!({
            "layout": checkpoint.describe(),
            "from": from,
            "parts": parts,
            "parameters": total,
            "preprocess": preprocess.as_ref().ok(),
            "spec": spec.ok(),
            "loads": loads.is_ok(),
            "why_not": loads.err().map(|error| format!("{error:#}")),
        });
        print(json_document(all));
        return Ok(());
    }
    out!("{}\n", checkpoint.describe());
    parts.iter().filter_map(Part::text).for_each(|text| print(format_args!("{text}\n")));
    let total: i64 = parts.iter().map(Part::parameters).sum();
    out!("{:<18}{:>13} parameters", "total", thousands(total.unsigned_abs()));
    print(format_args!("\n{}\n", preprocessing(&preprocess)));
    match (spec, loads) {
        (Ok(spec), Ok(())) => {
            let spec = spec.trim_end();
            print(format_args!("\nIn a spec (tested, all tensors load):\n\n{spec}\n"))
        }
        (Ok(spec), Err(why)) => {
            let spec = spec.trim_end();
            print(format_args!("\nIn a spec, which cannot be loaded as it is:\n\n{spec}\n\n"));
            out!("{why:#}")
        }
        (Err(why), _) => out!("\n`from` cannot read it: {why:#}"),
    }
    Ok(())
}

/// The value of `from`: the folder of a run, or the argument itself.
fn resolve(model: &str, store: &Path) -> Result<String> {
    let path = Path::new(model);
    let spec = path.extension().is_some_and(|ending| ending == "toml");
    ensure!(
        !(path.is_file() && spec),
        "{model} is a spec, which has no weights; `clip-lab check {model}` shows its model"
    );
    note_folder(model, store);
    if (path.exists() && !hides_folder(model, store)) || is_checkpoint(model, store) {
        return Ok(model.to_owned());
    }
    // Names of cataloged weights are neither paths nor runs.
    match Reader::open(store).and_then(|reader| reader.run(model)) {
        Ok(run) => Ok(run.dir.display().to_string()),
        Err(_) if clip_lab_checkpoint::open(model).is_ok() => Ok(model.to_owned()),
        Err(error) => {
            Err(anyhow::Error::new(error).context(format!("`{model}` is not a folder, file or run")))
        }
    }
}

fn parts(checkpoint: &Checkpoint) -> Vec<Part> {
    vec![
        Part { name: "image", import: checkpoint.image() },
        Part { name: "image_projection", import: checkpoint.image_projection() },
        Part { name: "text", import: checkpoint.text() },
        Part { name: "text_projection", import: checkpoint.text_projection() },
        Part { name: "tokenizer", import: checkpoint.tokenizer() },
        Part { name: "classifier", import: checkpoint.classifier().map(|found| found.map(as_import)) },
        Part { name: "loss", import: checkpoint.loss() },
    ]
}

/// A classifier as a part like the others.
fn as_import(classifier: Classifier) -> Import {
    let Classifier { mut settings, classes, weights } = classifier;
    settings.insert("classes".into(), classes.into());
    Import { plugin: "linear".into(), settings, needs: Vec::new(), weights: Some(weights) }
}

/// Builds the model and loads its weights, as training does.
fn loads(from: &str, catalog: &Catalog) -> Result<()> {
    // Opens it as `from` does, so that names of cataloged weights and files in a run's folder work.
    Target::from_checkpoint(from, &[], catalog)?.build(Device::Cpu).map(drop)
}

impl Part {
    fn parameters(&self) -> i64 {
        let import = self.import.as_ref().ok().and_then(Option::as_ref);
        import.and_then(|import| import.weights.as_ref()).map_or(0, |weights| weights.summary().parameters)
    }

    fn json(&self) -> Option<Value> {
        match &self.import {
            Err(why) => Some(json!({ "why_not": format!("{why:#}") })),
            Ok(None) => None,
            Ok(Some(import)) => {
                let mut value = json!({
                    "plugin": import.plugin,
                    "settings": import.settings,
                    "needs": import.needs,
                });
                if let Some(weights) = &import.weights {
                    let summary = weights.summary();
                    value["tensors"] = summary.tensors.into();
                    value["parameters"] = summary.parameters.into();
                    value["buffers"] = summary.buffers.into();
                    value["dtype"] = summary.kinds.into_iter().collect::<Vec<_>>().into();
                }
                Some(value)
            }
        }
    }

    /// Two lines: size and plugin, then settings.
    fn text(&self) -> Option<String> {
        let import = match &self.import {
            Err(why) => {
                return Some(format!("{:<18}cannot be used: {}", self.name, shown(format!("{why:#}"))));
            }
            Ok(found) => found.as_ref()?,
        };
        let mut text = format!("{:<18}", self.name);
        if let Some(weights) = &import.weights {
            let summary = weights.summary();
            let count = thousands(summary.parameters.unsigned_abs());
            let kinds = summary.kinds.into_iter().collect::<Vec<_>>().join(", ");
            text += &format!("{count:>13} parameters  {kinds:<8} ");
        }
        text += &shown(&import.plugin).to_string();
        let settings: Vec<String> = import
            .settings
            .iter()
            .map(|(key, value)| shown(format!("{key} = {}", short(value))).to_string())
            .collect();
        if !settings.is_empty() {
            text += &format!("\n{:<18}{}", "", settings.join(", "));
        }
        if !import.needs.is_empty() {
            text +=
                &format!("\n{:<18}not in the file, must be set in the spec: {}", "", import.needs.join(", "));
        }
        Some(text)
    }
}

/// A value; a long list is truncated (`--json` has all of it).
fn short(value: &toml::Value) -> String {
    match value.as_array() {
        Some(list) if list.len() > MAX_ITEMS => {
            let first: Vec<String> = list[..MAX_ITEMS].iter().map(toml::Value::to_string).collect();
            format!("[{}, ... {} in total]", first.join(", "), list.len())
        }
        _ => value.to_string(),
    }
}

fn preprocessing(preprocess: &Result<Option<Preprocess>>) -> String {
    match preprocess {
        Err(why) => format!("preprocessing      cannot be used: {}", shown(format!("{why:#}"))),
        Ok(None) => "preprocessing      not in the file; set [preprocess] in the spec".into(),
        Ok(Some(found)) => format!(
            "preprocessing      {} to {} pixels, {}, centre crop {}x{}\n{:<18} mean {:?}, std {:?}",
            format!("{:?}", found.resize).to_lowercase(),
            found.size,
            format!("{:?}", found.interpolation).to_lowercase(),
            found.crop,
            found.crop,
            "",
            found.mean,
            found.std
        ),
    }
}
