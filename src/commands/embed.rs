//! `clip-lab embed`: writes embeddings of images and texts to a file.

mod file;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::{EmbedArgs, json_document, note, out, print, shown};
use clip_lab_files::{GIB, read_capped};
use clip_lab_plugin_api::{Catalog, Dataset as _, Mode};
use serde_json::{Map, json};
use tch::{Device, Tensor};

use self::file::Format;
use super::{
    device::device,
    image_folder::Folder,
    target::{Model, Target},
};
use crate::{
    console::Console,
    input::{Prepare, Source, Unreadable, cores},
    model::{ImageTower, TextTower, embed_texts, unit},
    plan::{ImageSide, TextSide},
    train::Features,
};

/// Size limit of the text file.
const MAX_TEXT_FILE: u64 = GIB;

/// Embeds the images and texts of the arguments and writes the file.
///
/// # Errors
/// If the model, the images or the texts cannot be read, or the file cannot be written.
pub fn embed(args: &EmbedArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    ensure!(
        args.images.is_some() || args.texts.is_some(),
        "nothing to embed: set --images DIR, --texts FILE or both"
    );
    let count = usize::from(args.images.is_some()) + usize::from(args.texts.is_some());
    let format = Format::of(&args.out, count)?;
    let target = Target::find(&args.model, args.weights, &args.set, store, catalog)?;
    let device = device("auto")?;
    let Model { image, text, .. } = target.build(device)?;
    let plan = &target.plan;
    let (mut tensors, mut metadata, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(folder) = &args.images {
        let (tower, side) =
            image.as_ref().zip(plan.image.as_ref()).context("the model has no image tower")?;
        let (rows, names, unreadable) = images(tower, side, folder, args, device)?;
        left_out = unreadable;
        tensors.push(("image_embeds".to_owned(), rows));
        metadata.push(("images".to_owned(), serde_json::to_string(&names)?));
    }
    if let Some(file) = &args.texts {
        let (tower, side) = text.as_ref().zip(plan.text.as_ref()).context("the model has no text tower")?;
        tensors.push(("text_embeds".to_owned(), texts(tower, side, file, args.raw, device)?));
    }
    format.write(&args.out, &tensors, &metadata)?;
    if args.json {
        let shapes: Map<_, _> =
            tensors.iter().map(|(name, rows)| (name.clone(), json!(rows.size()))).collect();
        print(json_document(json!({ "out": args.out, "tensors": shapes, "left_out": left_out })));
        return Ok(());
    }
    for (name, rows) in &tensors {
        out!("{name} {:?}", rows.size());
    }
    out!("written to {}", args.out.display());
    Ok(())
}

/// The embeddings, the names of their images, and the skipped images.
fn images(
    tower: &ImageTower,
    side: &ImageSide,
    folder: &Path,
    args: &EmbedArgs,
    device: Device,
) -> Result<(Tensor, Vec<String>, Vec<String>)> {
    let data = Arc::new(Folder::open(folder, args.tolerate)?);
    let prepare = Prepare { preprocess: side.preprocess.clone(), augment: Vec::new() };
    let source = Source::images(data.clone(), Arc::new(prepare));
    let mut console = Console::stderr();
    let mut log = |image: &Unreadable| note!("skipped: {}", shown(image));
    let found = Features::compute_with(tower, source, cores(), device, &mut console, &|| false, &mut log)?;
    let found = found.context("stopped")?;
    let good: Vec<i64> = (0..data.len())
        .filter(|index| !found.unreadable.iter().any(|image| image.image == *index))
        .map(|index| index as i64)
        .collect();
    let left_out: Vec<String> = found.unreadable.iter().map(Unreadable::to_string).collect();
    let features = found.rows.f_index_select(0, &Tensor::from_slice(&good).to_device(device))?;
    let rows = tch::no_grad(|| tower.project(&features, Mode::Eval))?;
    let rows = if args.raw { rows } else { unit(&rows)? };
    let names = good.iter().map(|&index| data.name(index as usize)).collect();
    Ok((rows.to_device(Device::Cpu), names, left_out))
}

fn texts(tower: &TextTower, side: &TextSide, file: &Path, raw: bool, device: Device) -> Result<Tensor> {
    let bytes = read_capped(file, MAX_TEXT_FILE).with_context(|| format!("reading {}", file.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    ensure!(!lines.is_empty(), "{} is empty", file.display());
    let tokenizer = side.tokenizer.build(())?;
    let rows = embed_texts(tower, tokenizer.as_ref(), side.max_tokens, device, &lines, !raw)?;
    Ok(rows.to_device(Device::Cpu))
}
