//! `clip-lab model show`.

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_api::Catalog;
use clip_lab_checkpoint::{Checkpoint, Classifier, Import, Preprocess};
use clip_lab_cli::{ModelShowArgs, answer, out, print, shown};
use clip_lab_store::Reader;
use serde_json::{Value, json};
use tch::Device;

use super::card::thousands;
use crate::commands::target::{Target, folder_spec, is_checkpoint};

/// As many of a list are printed.
const FEW: usize = 10;

/// What a checkpoint says of one part.
struct Part {
    name: &'static str,
    found: Result<Option<Import>>,
}

/// Prints what a model is.
///
/// # Errors
/// When nothing of that name is there, or it is in no known layout.
pub fn show(args: &ModelShowArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let from = place(&args.model, store)?;
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
        print(answer(all));
        return Ok(());
    }
    out!("{}\n", checkpoint.describe());
    parts.iter().filter_map(Part::words).for_each(|words| print(format_args!("{words}\n")));
    let total: i64 = parts.iter().map(Part::parameters).sum();
    out!("{:<18}{:>13} parameters", "in all", thousands(total.unsigned_abs() as usize));
    print(format_args!("\n{}\n", pictures(&preprocess)));
    match (spec, loads) {
        (Ok(spec), Ok(())) => {
            let spec = spec.trim_end();
            print(format_args!("\nIn a spec, with every tensor in its place (tried):\n\n{spec}\n"))
        }
        (Ok(spec), Err(why)) => {
            let spec = spec.trim_end();
            print(format_args!("\nIn a spec, which as it stands cannot be loaded:\n\n{spec}\n\n"));
            out!("{why:#}")
        }
        (Err(why), _) => out!("\n`from` makes nothing of it: {why:#}"),
    }
    Ok(())
}

/// What `from` is to name: the folder of a run, or what the user named.
fn place(model: &str, store: &Path) -> Result<String> {
    let path = Path::new(model);
    let spec = path.extension().is_some_and(|ending| ending == "toml");
    ensure!(
        !(path.is_file() && spec),
        "{model} is a spec, which has no weights; clip-lab check {model} tells of its model"
    );
    if path.exists() || is_checkpoint(model) {
        return Ok(model.to_owned());
    }
    // Names of known weights are neither.
    match Reader::open(store).and_then(|reader| reader.run(model)) {
        Ok(run) => Ok(run.dir.display().to_string()),
        Err(_) if clip_lab_checkpoint::open(model).is_ok() => Ok(model.to_owned()),
        Err(error) => {
            Err(anyhow::Error::new(error).context(format!("`{model}` is no folder, no file and no run")))
        }
    }
}

fn parts(checkpoint: &Checkpoint) -> Vec<Part> {
    vec![
        Part { name: "image", found: checkpoint.image() },
        Part { name: "image_projection", found: checkpoint.image_projection() },
        Part { name: "text", found: checkpoint.text() },
        Part { name: "text_projection", found: checkpoint.text_projection() },
        Part { name: "tokenizer", found: checkpoint.tokenizer() },
        Part { name: "classifier", found: checkpoint.classifier().map(|found| found.map(linear)) },
        Part { name: "loss", found: checkpoint.loss() },
    ]
}

/// A classifier as a part like the others.
fn linear(found: Classifier) -> Import {
    let Classifier { mut settings, classes, weights } = found;
    settings.insert("classes".into(), classes.into());
    Import { plugin: "linear".into(), settings, needs: Vec::new(), weights: Some(weights) }
}

/// Builds the model and fills it, as training would.
fn loads(from: &str, catalog: &Catalog) -> Result<()> {
    // Weights named by the catalogue are no path; a file in a run's folder is opened as `from` opens it.
    Target::from_checkpoint(from, &[], catalog)?.build(Device::Cpu).map(drop)
}

impl Part {
    fn parameters(&self) -> i64 {
        let import = self.found.as_ref().ok().and_then(Option::as_ref);
        import.and_then(|import| import.weights.as_ref()).map_or(0, |weights| weights.summary().parameters)
    }

    fn json(&self) -> Option<Value> {
        match &self.found {
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

    /// Two lines: what and how large; with which settings.
    fn words(&self) -> Option<String> {
        let import = match &self.found {
            Err(why) => {
                return Some(format!("{:<18}cannot be used: {}", self.name, shown(format!("{why:#}"))));
            }
            Ok(found) => found.as_ref()?,
        };
        let mut words = format!("{:<18}", self.name);
        if let Some(weights) = &import.weights {
            let summary = weights.summary();
            let count = thousands(summary.parameters.unsigned_abs() as usize);
            let kinds = summary.kinds.into_iter().collect::<Vec<_>>().join(", ");
            words += &format!("{count:>13} parameters  {kinds:<8} ");
        }
        words += &shown(&import.plugin).to_string();
        let settings: Vec<String> = import
            .settings
            .iter()
            .map(|(key, value)| shown(format!("{key} = {}", short(value))).to_string())
            .collect();
        if !settings.is_empty() {
            words += &format!("\n{:<18}{}", "", settings.join(", "));
        }
        if !import.needs.is_empty() {
            words += &format!(
                "\n{:<18}not told by the file, to be set in the spec: {}",
                "",
                import.needs.join(", ")
            );
        }
        Some(words)
    }
}

/// A value, of a long list the beginning; `--json` has all of it.
fn short(value: &toml::Value) -> String {
    match value.as_array() {
        Some(list) if list.len() > FEW => {
            let few: Vec<String> = list[..FEW].iter().map(toml::Value::to_string).collect();
            format!("[{}, ... {} in all]", few.join(", "), list.len())
        }
        _ => value.to_string(),
    }
}

fn pictures(preprocess: &Result<Option<Preprocess>>) -> String {
    match preprocess {
        Err(why) => format!("preprocessing      cannot be used: {}", shown(format!("{why:#}"))),
        Ok(None) => "preprocessing      not told; a spec's [preprocess] says it".into(),
        Ok(Some(how)) => format!(
            "preprocessing      {} to {} pixels, {}, the middle {}x{}\n{:<18} mean {:?}, deviation {:?}",
            format!("{:?}", how.resize).to_lowercase(),
            how.size,
            format!("{:?}", how.interpolation).to_lowercase(),
            how.crop,
            how.crop,
            "",
            how.mean,
            how.std
        ),
    }
}
