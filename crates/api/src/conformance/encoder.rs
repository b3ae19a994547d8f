//! Checks of encoders.

use anyhow::{Result, ensure};
use tch::{Tensor, nn};

use super::tools::{alone, features, gradients, layers, same, wave};
use crate::{ImageEncoder, ImageFacts, Mode, TextEncoder, TextFacts, Tokens};

/// Checks an image encoder built at the root of `vars`: the shape of its features, that they are the same each time
/// and of each image alone in evaluation, that a finite gradient reaches every parameter, that `layers()` has
/// every parameter once, and that images of one channel are an error.
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
