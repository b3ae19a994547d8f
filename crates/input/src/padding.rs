//! Pads token ids to a common length.

use anyhow::Result;
use clip_lab_plugin_api::Tokens;
use clip_lab_torch_ext::upload;
use tch::{Device, Kind, Tensor};

/// The token ids of texts, padded to the longest.
pub(super) struct Padded {
    /// Row by row: `[B * L]`.
    pub ids: Vec<i64>,
    /// Lengths of the texts without padding: `[B]`.
    pub lengths: Vec<i64>,
    /// L, at least 1.
    length: usize,
}

impl Padded {
    pub(super) fn new(texts: &[&[i64]], pad_id: i64) -> Self {
        let length = texts.iter().map(|ids| ids.len()).max().unwrap_or(0).max(1);
        let mut ids = vec![pad_id; texts.len() * length];
        for (row, text) in ids.chunks_exact_mut(length).zip(texts) {
            row[..text.len()].copy_from_slice(text);
        }
        Self { ids, lengths: texts.iter().map(|ids| ids.len() as i64).collect(), length }
    }

    /// The batch, from `lengths` and `ids` on a device. The mask is computed there, so that it is not copied.
    pub(super) fn tokens(&self, lengths: &Tensor, ids: &Tensor) -> Result<Tokens> {
        let length = self.length as i64;
        let positions = Tensor::f_arange(length, (Kind::Int64, ids.device()))?; // [L]
        Ok(Tokens {
            ids: ids.f_view([lengths.size1()?, length])?,
            mask: positions.f_lt_tensor(&lengths.f_unsqueeze(1)?)?, // [B, L]
        })
    }
}

/// Pads token ids to the longest text: `[B, L]`.
///
/// # Errors
/// When libtorch fails.
pub fn pad(texts: &[&[i64]], pad_id: i64, device: Device) -> Result<Tokens> {
    let padded = Padded::new(texts, pad_id);
    let [lengths, ids] = upload([&padded.lengths, &padded.ids], device)?;
    padded.tokens(&lengths, &ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_padded_to_the_longest() {
        let tokens = pad(&[&[5, 6, 7], &[8]], 0, Device::Cpu).unwrap();
        assert_eq!(Vec::<Vec<i64>>::try_from(&tokens.ids).unwrap(), [[5, 6, 7], [8, 0, 0]]);
        assert_eq!(
            Vec::<Vec<bool>>::try_from(&tokens.mask).unwrap(),
            [[true, true, true], [true, false, false]]
        );
        assert!(tokens.ids.is_contiguous() && tokens.mask.is_contiguous());
        assert_eq!(pad(&[], 0, Device::Cpu).unwrap().ids.size(), [0, 1]);
    }

    #[test]
    fn an_empty_text_is_all_padding() {
        let tokens = pad(&[&[], &[4]], 9, Device::Cpu).unwrap();
        assert_eq!(Vec::<Vec<i64>>::try_from(&tokens.ids).unwrap(), [[9], [4]]);
        assert_eq!(Vec::<Vec<bool>>::try_from(&tokens.mask).unwrap(), [[false], [true]]);
    }
}
