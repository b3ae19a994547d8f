//! `clip-lab model export`: writes a model for other tools.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_checkpoint::export::{Format, beside, export as in_layout, write_documents};
use clip_lab_cli::{ModelExportArgs, ModelFormat, json_document, note, out, print};
use clip_lab_plugin_api::Catalog;
use clip_lab_store::Reader;
use serde_json::json;
use tch::Device;

use super::{
    card,
    export_folder::{ExportFolder, RECORD},
    parts::{self, Temperature},
    run_record, torchscript,
};
use crate::commands::{
    spec_weights::weights_in,
    target::{Model, Target, hides_folder, is_checkpoint, note_folder},
};

/// Exports a model.
///
/// # Errors
/// If the model cannot be read, the format does not support it, or the folder cannot be written.
pub fn export(args: &ModelExportArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let source = source(args, store)?;
    let target = Target::find(&source, None, &args.set, store, catalog)?;
    let folder = ExportFolder::create(&args.out, args.force)?;
    note!("reading {source}");
    let mut built = target.build(Device::Cpu)?;
    let is_checkpoint = is_checkpoint(&source, store);
    let loss = parts::temperature(&target, is_checkpoint.then_some(source.as_str()))?;
    let (kind, remarks) = write(args.format, &target, &mut built, loss, folder.path())?;
    remarks.iter().for_each(|remark| note!("note: {remark}"));
    let weights = target.checkpoint.as_deref().or(Some(Path::new(&source)).filter(|path| path.is_file()));
    let run_record = run_record::find(store, weights)?;
    if let (None, Some(run_record), Some(weights)) = (args.weights, &run_record, weights) {
        run_record.advice(weights).iter().for_each(|advice| note!("note: {advice}"));
    }
    let card = card::Card {
        args,
        kind,
        source: &source,
        target: &target,
        model: &built,
        record: run_record.as_ref(),
    };
    fs::write(folder.path().join("README.md"), card.text())?;
    let written = listed(folder.path())?.into_iter().map(|(name, _)| name);
    let record = json!({
        "version": 1,
        "clip_lab": env!("CARGO_PKG_VERSION"),
        "format": format!("{:?}", args.format).to_lowercase(),
        "kind": kind,
        "source": source,
        "run": run_record.as_ref().map(|record| &record.run.uid),
        "step": run_record.as_ref().and_then(|record| record.step),
        "remarks": remarks,
        "files": written.chain([RECORD.to_owned()]).collect::<Vec<_>>(),
    });
    write_documents(folder.path(), &[(RECORD, record.clone())])?;
    let files = listed(folder.path())?;
    folder.finish()?;
    if args.json {
        print(json_document(json!({ "out": args.out, "kind": kind, "files": files, "record": record })));
        return Ok(());
    }
    out!("{kind} written to {}", args.out.display());
    files.iter().for_each(|(name, bytes)| out!("  {name:<32} {bytes:>12} bytes"));
    Ok(())
}

/// Writes the weights and configuration files. Returns the kind of model, and remarks on what the format loses.
fn write(
    format: ModelFormat,
    target: &Target,
    built: &mut Model,
    loss: Temperature,
    folder: &Path,
) -> Result<(&'static str, Vec<String>)> {
    let layout = match format {
        ModelFormat::Hf => Format::HuggingFace,
        ModelFormat::OpenClip => Format::OpenClip,
        ModelFormat::TorchScript => {
            note!("tracing the model and testing the file with other batch sizes");
            torchscript::write(target, built, loss, &folder.join("model.pt"))?;
            let (image, text) = (target.plan.image.as_ref(), target.plan.text.as_ref());
            let preprocess = image.map(|side| parts::preprocess(&side.preprocess));
            let tokens = text.map(parts::tokens).transpose()?;
            write_documents(folder, &beside(tokens.as_ref(), preprocess.as_ref())?)?;
            return Ok(("TorchScript module", Vec::new()));
        }
    };
    let files = in_layout(&parts::whole(target, built, loss)?, layout)?;
    files.write(folder)?;
    Ok((files.kind, files.remarks))
}

/// The checkpoint of the run, or the argument itself if it is not a run.
fn source(args: &ModelExportArgs, store: &Path) -> Result<String> {
    let path = Path::new(&args.model);
    note_folder(&args.model, store);
    let exists = path.exists() && !hides_folder(&args.model, store);
    let run_folder = Some(path).filter(|folder| exists && folder.join("spec.toml").exists());
    let folder = match run_folder {
        Some(folder) => folder.to_owned(),
        None if exists || args.model.starts_with("hf:") => {
            ensure!(
                args.weights.is_none(),
                "--weights selects weights of a run, but {} is not a run",
                args.model
            );
            let spec = path.extension().is_some_and(|ending| ending == "toml");
            ensure!(!spec, "{} is a spec, which has no weights; run it and export the run", args.model);
            return Ok(args.model.clone());
        }
        None => {
            let reader = Reader::open(store).with_context(|| {
                format!(
                    "`{}` is neither a folder nor a file, and the store cannot be opened to find a run",
                    args.model
                )
            })?;
            reader.run(&args.model)?.dir
        }
    };
    Ok(weights_in(&folder, args.weights)?.display().to_string())
}

/// Names and sizes of the files, sorted by name.
fn listed(folder: &Path) -> Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len()));
    }
    files.sort();
    Ok(files)
}
