//! `model.pt`: the towers, or a tower and its classifier, as one traced TorchScript module, with methods for batches of
//! any size and texts of any length.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clip_lab_plugin_api::{Mode, Tokens};
use clip_lab_torch_ext::{Script, Trace};
use tch::{Device, Kind, Tensor};

use super::parts::Temperature;
use crate::{
    commands::target::{Classes, Model, Target},
    model::{Classifier, ImageTower, TextTower},
};

/// Largest relative difference between the outputs of the file and of the model.
const TOLERANCE: f64 = 1e-4;
/// Batch sizes that the file is tested with; it is traced with two.
const TEST_BATCHES: [i64; 2] = [1, 5];
/// Buffers, not parameters.
const STATISTICS: [&str; 2] = ["running_mean", "running_var"];

const ENCODE_IMAGE: &str = r#"
def encode_image(self, images: Tensor, normalize: bool = False) -> Tensor:
    rows = self.image_rows(images)
    if normalize:
        rows = rows / torch.clamp_min(torch.norm(rows, 2, [-1], True), 1e-12)
    return rows
"#;

const ENCODE_TEXT: &str = r#"
def encode_text(self, input_ids: Tensor, attention_mask: Tensor, normalize: bool = False) -> Tensor:
    room = LIMIT - input_ids.size(1)
    assert room >= 0, "texts have LIMIT tokens at most: let the tokenizer truncate them"
    ids = torch.constant_pad_nd(input_ids, [0, room], 0)
    mask = torch.constant_pad_nd(attention_mask, [0, room], 0) != 0
    rows = self.text_rows(ids, mask)
    if normalize:
        rows = rows / torch.clamp_min(torch.norm(rows, 2, [-1], True), 1e-12)
    return rows
"#;

const CLASSES: &str = r#"
def classes(self) -> List[str]:
    return [NAMES]

def forward(self, images: Tensor) -> Tensor:
    return self.classify(images)
"#;

/// Writes the module and tests it.
///
/// # Errors
/// If a tower cannot be traced, or the outputs of the file differ.
pub fn write(target: &Target, model: &mut Model, loss: Temperature, path: &Path) -> Result<()> {
    model.vars.freeze(); // constants of a module must not require gradients
    let _quiet = tch::no_grad_guard();
    let mut trace = Trace::new()?;
    let mut variables: Vec<_> = model.vars.variables().into_iter().collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, tensor) in &variables {
        trace.put(name, tensor, !STATISTICS.iter().any(|end| name.ends_with(end)))?;
    }
    for (name, value) in [("logit_scale", loss.scale), ("logit_bias", loss.bias)] {
        if let Some(value) = value {
            trace.put(name, &Tensor::f_scalar_tensor(value, (Kind::Float, Device::Cpu))?, true)?;
        }
    }
    let sides = Sides::of(target, model)?;
    if let Some(image) = &sides.image {
        trace.method("image_rows", &[image.batch(2)?], &mut |inputs| image.rows(&inputs[0]))?;
        trace.define(ENCODE_IMAGE)?;
        if let Some(Classes { classifier, names }) = sides.classes {
            let batch = image.batch(2)?;
            trace.method("classify", &[batch], &mut |inputs| image.logits(&inputs[0], classifier))?;
            trace.define(&classes(names))?;
        }
    }
    if let Some(text) = &sides.text {
        let Tokens { ids, mask } = text.batch(2, text.limit)?;
        trace.method("text_rows", &[ids, mask], &mut |inputs| text.rows(&inputs[0], &inputs[1]))?;
        trace.define(&ENCODE_TEXT.replace("LIMIT", &text.limit.to_string()))?;
    }
    trace.save(path)?;
    sides.compare(&Script::load(path, Device::Cpu)?).context(
        "the outputs of the TorchScript file differ from the model's, so nothing was written; a tower that reads sizes of its \
         input as numbers cannot be traced",
    )
}

/// The towers with the sizes of their inputs.
struct Sides<'a> {
    image: Option<Images<'a>>,
    text: Option<Texts<'a>>,
    classes: Option<&'a Classes>,
}

struct Images<'a> {
    tower: &'a ImageTower,
    side: i64,
}

struct Texts<'a> {
    tower: &'a TextTower,
    limit: i64,
    vocab: i64,
}

impl<'a> Sides<'a> {
    fn of(target: &Target, model: &'a Model) -> Result<Self> {
        let image = model.image.as_ref().zip(target.plan.image.as_ref());
        let text = model.text.as_ref().zip(target.plan.text.as_ref());
        Ok(Self {
            image: image.map(|(tower, side)| Images { tower, side: side.preprocess.size }),
            text: text.map(|(tower, side)| Texts {
                tower,
                limit: side.max_tokens as i64,
                vocab: side.encoder.properties.vocab,
            }),
            classes: model.classes.as_ref(),
        })
    }

    /// Compares outputs on other batches than the traced one, including shorter texts.
    fn compare(&self, script: &Script) -> Result<()> {
        for rows in TEST_BATCHES {
            if let Some(image) = &self.image {
                let batch = image.batch(rows)?;
                check_close(&script.call("image_rows", &[&batch], false)?, &image.rows(&batch)?)?;
                if let Some(Classes { classifier, .. }) = self.classes {
                    let logits = image.logits(&batch, classifier)?;
                    check_close(&script.call("classify", &[&batch], false)?, &logits)?;
                }
            }
            if let Some(text) = &self.text {
                let Tokens { ids, mask } = text.batch(rows, (text.limit / 2).max(2))?;
                check_close(&script.call("encode_text", &[&ids, &mask], false)?, &text.rows(&ids, &mask)?)?;
            }
        }
        Ok(())
    }
}

impl Images<'_> {
    fn batch(&self, rows: i64) -> Result<Tensor> {
        Ok(Tensor::f_randn([rows, 3, self.side, self.side], (Kind::Float, Device::Cpu))?)
    }

    fn rows(&self, images: &Tensor) -> Result<Tensor> {
        self.tower.project(&self.tower.features(images, Mode::Eval)?, Mode::Eval)
    }

    fn logits(&self, images: &Tensor, classifier: &Classifier) -> Result<Tensor> {
        classifier.logits(&self.rows(images)?)
    }
}

impl Texts<'_> {
    /// Random ids; the first text has full length, the others two tokens and padding.
    fn batch(&self, rows: i64, length: i64) -> Result<Tokens> {
        let ids = Tensor::f_randint(self.vocab.max(1), [rows, length], (Kind::Int64, Device::Cpu))?;
        let position =
            Tensor::f_arange(length, (Kind::Int64, Device::Cpu))?.f_expand([rows, length], false)?;
        let row = Tensor::f_arange(rows, (Kind::Int64, Device::Cpu))?.f_unsqueeze(-1)?;
        let mask = position.f_lt(2)?.f_logical_or(&row.f_eq(0)?)?;
        Ok(Tokens { ids, mask })
    }

    fn rows(&self, ids: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let tokens = Tokens { ids: ids.shallow_clone(), mask: mask.shallow_clone() };
        self.tower.project(&self.tower.features(&tokens, Mode::Eval)?, Mode::Eval)
    }
}

/// The scripted methods of a classifier.
fn classes(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    CLASSES.replace("NAMES", &names.join(", "))
}

/// A TorchScript string literal, which has octal escapes but no `\u`.
fn literal(name: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in name.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\0'..='\x1f' => quoted += &format!("\\{:03o}", letter as u32),
            _ => quoted.push(letter),
        }
    }
    quoted + "\""
}

fn check_close(ours: &Tensor, theirs: &Tensor) -> Result<()> {
    ensure!(ours.size() == theirs.size(), "the shape is {:?}, expected {:?}", ours.size(), theirs.size());
    let off = (ours - theirs).f_abs()?.f_max()?.f_double_value(&[])?;
    let size = theirs.f_abs()?.f_max()?.f_double_value(&[])?.max(1.0);
    ensure!(off <= TOLERANCE * size, "the difference is {off:e}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_round_trip() {
        let names = ["a \"b\"", "c\\n", "d\ne", "Käfer 🐞", "", "#f"];
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.pt");
        let mut trace = Trace::new().unwrap();
        trace.define("def classify(self, images: Tensor) -> Tensor:\n    return images\n").unwrap();
        trace.define(&classes(&names.map(str::to_owned))).unwrap();
        trace.save(&file).unwrap();
        let module = tch::CModule::load(&file).unwrap();
        let actual = module.method_is::<tch::IValue>("classes", &[]).unwrap();
        let expected = names.into_iter().map(|name| tch::IValue::String(name.to_owned())).collect();
        assert_eq!(actual, tch::IValue::GenericList(expected));
    }
}
