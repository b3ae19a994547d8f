//! Checks of encoders.

use anyhow::{Result, ensure};
use tch::{Tensor, nn};

use super::tools::{features, gradients, independent, layers, same, wave};
use crate::{ImageEncoder, ImageProperties, Mode, TextEncoder, TextProperties, Tokens};

/// Checks an image encoder built at the root of `vars`: the shape of its features; in evaluation, that they are
/// reproducible and that each image is encoded independently of the others; a finite gradient for every parameter; that
/// `layers()` covers every parameter once; and an error for images with one channel.
///
/// # Errors
/// Names the failed check.
pub fn image_encoder(
    encoder: &dyn ImageEncoder,
    vars: &nn::VarStore,
    properties: &ImageProperties,
) -> Result<()> {
    let side = properties.image_size;
    let images = wave(&[3, 3, side, side], vars.device());
    let encode = |images: &Tensor, mode| encoder.encode(images, mode);
    features(&encode, &images, properties.width, encoder.width())?;
    let others = Tensor::cat(&[images.narrow(0, 0, 1), images.narrow(0, 1, 2) * 0.5 + 0.1], 0);
    independent(&encode, &images, &others)?;
    gradients(&encode, &images, vars)?;
    layers(&encoder.layers(), vars)?;
    let one_channel = images.narrow(1, 0, 1);
    ensure!(encoder.encode(&one_channel, Mode::Eval).is_err(), "images with one channel must be an error");
    Ok(())
}

/// Checks a text encoder built at the root of `vars`: everything that [`image_encoder`] checks; that neither the amount
/// nor the content of padding changes the features; and an error for texts longer than the context. The end of a text
/// has the highest id.
///
/// # Errors
/// Names the failed check, or says that the context is below 4 or the vocabulary below 8, too small to check.
pub fn text_encoder(
    encoder: &dyn TextEncoder,
    vars: &nn::VarStore,
    properties: &TextProperties,
) -> Result<()> {
    ensure!(
        properties.context >= 4 && properties.vocab >= 8,
        "the check needs a context of at least 4 and a vocabulary of at least 8"
    );
    let short = (properties.context / 2).clamp(3, 8);
    let batch = |shift, length, padding| {
        tokens(shift, [short, short - 1, 2], length, padding, properties.vocab, vars)
    };
    let encode = |tokens: &Tokens, mode| encoder.encode(tokens, mode);
    let texts = batch(0, short, 0);
    features(&encode, &texts, properties.width, encoder.width())?;
    let others = batch(1, short, 0);
    others.ids.get(0).copy_(&texts.ids.get(0));
    independent(&encode, &texts, &others)?;
    for padding in [0, properties.vocab - 1] {
        let padded = batch(0, properties.context, padding);
        same(
            &encode(&texts, Mode::Eval)?,
            &encode(&padded, Mode::Eval)?,
            "more padding changes the features",
        )?;
    }
    gradients(&encode, &texts, vars)?;
    layers(&encoder.layers(), vars)?;
    let long = batch(0, properties.context + 1, 0);
    ensure!(encode(&long, Mode::Eval).is_err(), "a text longer than the context must be an error");
    Ok(())
}

/// Three texts of the given lengths, padded to `length`; each ends with the highest id.
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
