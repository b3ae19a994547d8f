//! Checks that the author of an encoder calls from a test: what the trainer relies on and the compiler cannot see.
//!
//! ```ignore
//! let vars = nn::VarStore::new(Device::Cpu);
//! let settings = MyEncoder::default();
//! let encoder = settings.build(vars.root())?;
//! conformance::image_encoder(&*encoder, &vars, &settings.facts())?;
//! ```

use anyhow::{Context as _, Result, ensure};
use tch::{Kind as DType, Tensor, nn};

use crate::{ImageEncoder, ImageFacts, Mode, TextEncoder, TextFacts, Tokens};

/// Checks an image encoder built at the root of `vars`: the shape of its features, that they are the same each time
/// and of each picture alone in evaluation, that a finite gradient reaches every parameter, that `layers()` has
/// every parameter once, and that pictures of one channel are an error.
///
/// # Errors
/// Says what does not hold.
pub fn image_encoder(encoder: &dyn ImageEncoder, vars: &nn::VarStore, facts: &ImageFacts) -> Result<()> {
    let side = facts.image_size;
    let images = wave(&[3, 3, side, side], vars.device());
    let encode = |images: &Tensor, mode| encoder.encode(images, mode);
    features(&encode, &images, facts.width, encoder.width())?;
    let others = Tensor::cat(&[images.narrow(0, 0, 1), images.narrow(0, 1, 2) * 0.5 + 0.1], 0);
    alone(&encode, &images, &others)?;
    gradients(&encode, &images, vars)?;
    layers(&encoder.layers(), vars)?;
    let grey = images.narrow(1, 0, 1);
    ensure!(encoder.encode(&grey, Mode::Eval).is_err(), "pictures of one channel must be an error");
    Ok(())
}

/// Checks a text encoder built at the root of `vars`: all that [`image_encoder`] checks, that neither more padding
/// nor what stands in it changes the features, and that a text longer than the context is an error. The end of a
/// text is marked by the highest id.
///
/// # Errors
/// Says what does not hold, or that the context is below 4 or the vocabulary below 8, too small to check.
pub fn text_encoder(encoder: &dyn TextEncoder, vars: &nn::VarStore, facts: &TextFacts) -> Result<()> {
    ensure!(facts.context >= 4 && facts.vocab >= 8, "checking needs a context of 4 and a vocabulary of 8");
    let short = (facts.context / 2).clamp(3, 8);
    let batch =
        |shift, length, padding| tokens(shift, [short, short - 1, 2], length, padding, facts.vocab, vars);
    let encode = |tokens: &Tokens, mode| encoder.encode(tokens, mode);
    let texts = batch(0, short, 0);
    features(&encode, &texts, facts.width, encoder.width())?;
    let others = batch(1, short, 0);
    others.ids.get(0).copy_(&texts.ids.get(0));
    alone(&encode, &texts, &others)?;
    for padding in [0, facts.vocab - 1] {
        let padded = batch(0, facts.context, padding);
        same(
            &encode(&texts, Mode::Eval)?,
            &encode(&padded, Mode::Eval)?,
            "more padding changes the features",
        )?;
    }
    gradients(&encode, &texts, vars)?;
    layers(&encoder.layers(), vars)?;
    let long = batch(0, facts.context + 1, 0);
    ensure!(encode(&long, Mode::Eval).is_err(), "a text longer than the context must be an error");
    Ok(())
}

/// How an encoder is called, whatever it encodes.
type Encode<'a, T> = &'a dyn Fn(&T, Mode) -> Result<Tensor>;

/// Shape, finite, and the same twice.
fn features<T>(encode: Encode<'_, T>, input: &T, width: i64, said: i64) -> Result<()> {
    ensure!(width == said, "facts() says a width of {width} and width() one of {said}");
    let first = encode(input, Mode::Eval)?;
    ensure!(first.size() == [3, width], "3 inputs became {:?}, not [3, {width}]", first.size());
    ensure!(is_finite(&first)?, "the features are not finite");
    ensure!(first.f_equal(&encode(input, Mode::Eval)?)?, "evaluating twice gives two results");
    Ok(())
}

/// The first input keeps its features when the others change.
fn alone<T>(encode: Encode<'_, T>, input: &T, others: &T) -> Result<()> {
    let (before, after) = (encode(input, Mode::Eval)?, encode(others, Mode::Eval)?);
    same(&before.get(0), &after.get(0), "in evaluation one input's features depend on another input")?;
    ensure!(!before.get(1).f_equal(&after.get(1))?, "the features do not depend on the input");
    Ok(())
}

/// Every parameter gets a finite gradient in training.
fn gradients<T>(encode: Encode<'_, T>, input: &T, vars: &nn::VarStore) -> Result<()> {
    let features = encode(input, Mode::Train)?;
    let weights = wave(&features.size(), features.device());
    (features * weights).sum(DType::Float).f_backward()?;
    for (name, mut tensor) in sorted(vars).into_iter().filter(|(_, tensor)| tensor.requires_grad()) {
        let gradient = tensor.grad();
        ensure!(gradient.defined(), "no gradient reaches `{name}`");
        ensure!(is_finite(&gradient)?, "the gradient of `{name}` is not finite");
        tensor.zero_grad();
    }
    Ok(())
}

/// Every parameter is below one prefix, every prefix has one, and no name was taken twice (tch then adds `__`).
fn layers(layers: &[String], vars: &nn::VarStore) -> Result<()> {
    let below = |name: &str, prefix: &String| {
        name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let all = sorted(vars);
    for (name, tensor) in &all {
        ensure!(!name.contains("__"), "two variables have one name: tch called the second `{name}`");
        let count = layers.iter().filter(|prefix| below(name, prefix)).count();
        let right = !tensor.requires_grad() || count == 1;
        ensure!(right, "`{name}` is below {count} of the prefixes {layers:?}, not below one");
    }
    let empty = layers.iter().find(|prefix| !all.iter().any(|(name, _)| below(name, prefix)));
    ensure!(empty.is_none(), "no parameter is below the prefix {empty:?}");
    Ok(())
}

fn sorted(vars: &nn::VarStore) -> Vec<(String, Tensor)> {
    let mut all: Vec<_> = vars.variables().into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn same(a: &Tensor, b: &Tensor, words: &'static str) -> Result<()> {
    let close = a.f_allclose(b, 1e-4, 1e-5, false).context(words)?;
    ensure!(close, "{words}, by up to {}", f64::try_from((a - b).abs().max())?);
    Ok(())
}

fn is_finite(x: &Tensor) -> Result<bool> {
    Ok(bool::try_from(x.f_isfinite()?.f_all()?)?)
}

/// Values that all differ, without touching the random stream.
fn wave(shape: &[i64], device: tch::Device) -> Tensor {
    let count = shape.iter().product::<i64>();
    (Tensor::arange(count, (DType::Float, device)) * 0.7).sin().reshape(shape)
}

/// Three texts of the lengths given, padded to `length`; each ends with the highest id.
fn tokens(
    shift: i64,
    lengths: [i64; 3],
    length: i64,
    padding: i64,
    vocab: i64,
    vars: &nn::VarStore,
) -> Tokens {
    let id = |row: i64, place: i64, end: i64| match place + 1 - end {
        0 => vocab - 1,
        after if after > 0 => padding,
        _ => 1 + (row * 5 + place * 3 + shift) % (vocab - 2),
    };
    let rows = || lengths.iter().zip(0..);
    let ids: Vec<i64> =
        rows().flat_map(|(&end, row)| (0..length).map(move |place| id(row, place, end))).collect();
    let mask: Vec<bool> = rows().flat_map(|(&end, _)| (0..length).map(move |place| place < end)).collect();
    let shaped = |x: Tensor| x.view([3, length]).to_device(vars.device());
    Tokens { ids: shaped(Tensor::from_slice(&ids)), mask: shaped(Tensor::from_slice(&mask)) }
}
