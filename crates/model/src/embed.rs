//! Text embeddings.

use anyhow::Result;
use clip_lab_input::{Padding, pad};
use clip_lab_plugin_api::{Mode, Tokenizer};
use tch::{Device, Tensor};

use crate::{towers::TextTower, unit::unit};

/// Batch size of the text tower.
pub const TEXT_BATCH: usize = 256;

/// Embeddings of texts, `[T, D]`, L2-normalised if `normalise`.
///
/// Batches texts of similar length, to reduce padding.
///
/// # Errors
/// If tokenizer or tower fail.
pub fn embed_texts(
    tower: &TextTower,
    tokenizer: &dyn Tokenizer,
    max_tokens: usize,
    device: Device,
    texts: &[&str],
    normalise: bool,
) -> Result<Tensor> {
    let ids = texts.iter().map(|text| tokenizer.encode(text, max_tokens)).collect::<Result<Vec<_>>>()?;
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&index| ids[index].len());
    let padding = Padding { id: tokenizer.pad(), limit: max_tokens };
    let mut parts = Vec::new();
    for chunk in order.chunks(TEXT_BATCH) {
        let rows: Vec<&[i64]> = chunk.iter().map(|&index| ids[index].as_slice()).collect();
        let tokens = pad(&rows, padding, device)?;
        parts.push(tch::no_grad(|| {
            let features = tower.features(&tokens, Mode::Eval)?;
            let rows = tower.project(&features, Mode::Eval)?;
            if normalise { unit(&rows) } else { Ok(rows) }
        })?);
    }
    let sorted = Tensor::f_cat(&parts, 0)?;
    let order: Vec<i64> = order.iter().map(|&index| index as i64).collect();
    // sorted[k] belongs to text order[k]: restore the original order.
    let inverse = Tensor::from_slice(&order).to_device(device).argsort(0, false);
    Ok(sorted.f_index_select(0, &inverse)?)
}
