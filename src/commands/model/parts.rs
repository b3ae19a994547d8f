//! Converts a built model to the parts that are exported: plugin, settings and tensors.

use anyhow::{Context as _, Result};
use clip_lab_checkpoint::{
    Preprocess, TensorFile,
    export::{Model, Part, Tokens, Vocabulary},
};
use clip_lab_plugin_api::{Kind, Planned};
use tch::{Device, nn};

use crate::{
    commands::target::{self, Target},
    plan::{self, TextSide},
};

/// Logit scale (as its logarithm, which is the parameter) and logit bias of a loss.
#[derive(Debug, Clone, Copy, Default)]
pub struct Temperature {
    pub scale: Option<f64>,
    pub bias: Option<f64>,
}

/// The whole model.
///
/// # Errors
/// If a tower is missing, because the layouts of other tools need both.
pub fn whole(target: &Target, built: &target::Model, loss: Temperature) -> Result<Model> {
    let missing = |tower: &str| {
        format!("the model has no {tower} tower, but this format needs both towers; use --format torchscript")
    };
    let image = target.plan.image.as_ref().with_context(|| missing("image"))?;
    let text = target.plan.text.as_ref().with_context(|| missing("text"))?;
    let vars = &built.vars;
    Ok(Model {
        image: part(&image.encoder, vars, "image")?,
        image_projection: part(&image.head.projection, vars, "image_projection")?,
        text: part(&text.encoder, vars, "text")?,
        text_projection: part(&text.head.projection, vars, "text_projection")?,
        tokens: tokens(text)?,
        preprocess: preprocess(&image.preprocess),
        logit_scale: loss.scale,
        logit_bias: loss.bias,
    })
}

/// The tokenizer of a text side.
///
/// # Errors
/// If its vocabulary cannot be read.
pub fn tokens(text: &TextSide) -> Result<Tokens> {
    let clip = text.tokenizer.name == "clip_bpe";
    let vocabulary = clip.then(plugins_tokenizer::clip_vocabulary).transpose()?;
    let vocabulary = vocabulary.map(|(tokens, merges)| Vocabulary { tokens, merges });
    let (plugin, settings) = (text.tokenizer.name.to_owned(), text.tokenizer.settings.clone());
    let tokenizer = Part { plugin, settings, tensors: Vec::new() };
    Ok(Tokens { tokenizer, limit: text.max_tokens, vocabulary })
}

/// Converts preprocessing to the checkpoint's type.
pub fn preprocess(ours: &plan::Preprocess) -> Preprocess {
    let plan::Preprocess { size, mean, std, resize, interpolation, resized } = ours.clone();
    Preprocess { mean, std, resize, interpolation, size: resized.unwrap_or(size), crop: size }
}

/// Logit scale and bias: the learned parameters of a clip-lab checkpoint, or the settings of another tool's.
///
/// # Errors
/// If the checkpoint cannot be read.
pub fn temperature(target: &Target, from: Option<&str>) -> Result<Temperature> {
    if let Some(path) = &target.checkpoint {
        return learned(&TensorFile::open(path)?);
    }
    let Some(checkpoint) = from.map(clip_lab_checkpoint::open).transpose()? else {
        return Ok(Temperature::default());
    };
    let describe = checkpoint.describe();
    if let Some(file) = describe.strip_prefix("clip-lab checkpoint ") {
        return learned(&TensorFile::open(file.as_ref())?);
    }
    let Some(loss) = checkpoint.loss()? else { return Ok(Temperature::default()) };
    let value = |key: &str| loss.settings.get(key).and_then(toml::Value::as_float);
    Ok(Temperature { scale: value("scale").map(f64::ln), bias: value("bias") })
}

fn learned(file: &TensorFile) -> Result<Temperature> {
    let value = |name: &str| -> Result<Option<f64>> {
        if file.shape(name).is_none() {
            return Ok(None);
        }
        Ok(Some(file.tensor(name)?.f_reshape([1])?.f_double_value(&[0])?))
    };
    Ok(Temperature { scale: value("model/loss.logit_scale")?, bias: value("model/loss.logit_bias")? })
}

fn part<K: Kind + ?Sized>(planned: &Planned<K>, vars: &nn::VarStore, name: &str) -> Result<Part> {
    let prefix = format!("{name}.");
    let mut tensors = Vec::new();
    for (full, tensor) in vars.variables() {
        if let Some(short) = full.strip_prefix(&prefix) {
            tensors.push((short.to_owned(), tensor.detach().f_to_device(Device::Cpu)?));
        }
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Part { plugin: planned.name.to_owned(), settings: planned.settings.clone(), tensors })
}
