//! Pads token ids to a common length.

use anyhow::Result;
use clip_lab_plugin_api::Tokens;
use clip_lab_torch_ext::upload;
use tch::{Device, Kind, Tensor};

/// On a GPU texts are padded to a multiple of this length: kernels in 16 bits need aligned sizes to be fast, and with fewer
/// shapes the allocator reuses its blocks. On a CPU longer texts only cost time.
const GPU_MULTIPLE: usize = 8;

/// How texts are padded.
#[derive(Debug, Clone, Copy)]
pub struct Padding {
    /// The padding id.
    pub id: i64,
    /// Maximum number of tokens of a text, at most the context of the encoder.
    pub limit: usize,
}

impl Padding {
    /// The length, at least 1, of texts of which the longest has `longest` tokens.
    fn length(self, longest: usize, device: Device) -> usize {
        let rounded = longest.next_multiple_of(if device.is_cuda() { GPU_MULTIPLE } else { 1 });
        rounded.min(self.limit).max(longest).max(1)
    }
}

/// The token ids of texts, padded to a common length.
pub(super) struct Padded {
    /// Row by row: `[B * L]`.
    pub ids: Vec<i64>,
    /// Lengths of the texts without padding: `[B]`.
    pub lengths: Vec<i64>,
    /// L.
    length: usize,
}

impl Padded {
    pub(super) fn new(texts: &[&[i64]], padding: Padding, device: Device) -> Self {
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let length = padding.length(longest, device);
        let mut ids = vec![padding.id; texts.len() * length];
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

/// Pads token ids to the longest text: `[B, L]`. On a GPU L is rounded up to a multiple of 8, at most `padding.limit`.
pub fn pad(texts: &[&[i64]], padding: Padding, device: Device) -> Result<Tokens> {
    let padded = Padded::new(texts, padding, device);
    let [lengths, ids] = upload([&padded.lengths, &padded.ids], device)?;
    padded.tokens(&lengths, &ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padding(id: i64) -> Padding {
        Padding { id, limit: 77 }
    }

    #[test]
    fn texts_are_padded_to_the_longest() {
        let tokens = pad(&[&[5, 6, 7], &[8]], padding(0), Device::Cpu).unwrap();
        assert_eq!(Vec::<Vec<i64>>::try_from(&tokens.ids).unwrap(), [[5, 6, 7], [8, 0, 0]]);
        assert_eq!(
            Vec::<Vec<bool>>::try_from(&tokens.mask).unwrap(),
            [[true, true, true], [true, false, false]]
        );
        assert!(tokens.ids.is_contiguous() && tokens.mask.is_contiguous());
        assert_eq!(pad(&[], padding(0), Device::Cpu).unwrap().ids.size(), [0, 1]);
    }

    #[test]
    fn an_empty_text_is_all_padding() {
        let tokens = pad(&[&[], &[4]], padding(9), Device::Cpu).unwrap();
        assert_eq!(Vec::<Vec<i64>>::try_from(&tokens.ids).unwrap(), [[9], [4]]);
        assert_eq!(Vec::<Vec<bool>>::try_from(&tokens.mask).unwrap(), [[false], [true]]);
    }

    #[test]
    fn lengths_are_rounded_on_a_gpu_up_to_the_limit() {
        let length = |longest, device| padding(0).length(longest, device);
        for (longest, rounded) in [(0, 1), (1, 8), (8, 8), (9, 16), (72, 72), (73, 77), (77, 77)] {
            assert_eq!(length(longest, Device::Cuda(0)), rounded);
            assert_eq!(length(longest, Device::Cpu), longest.max(1));
        }
        // A tokenizer that exceeds its limit loses no token here: the encoder reports the length.
        assert_eq!(length(90, Device::Cuda(1)), 90);
        assert_eq!(Padding { id: 0, limit: 0 }.length(0, Device::Cuda(0)), 1);
        let padded = Padded::new(&[&[5, 6, 7], &[8]], Padding { id: 1, limit: 5 }, Device::Cuda(0));
        assert_eq!((padded.ids, padded.lengths), (vec![5, 6, 7, 1, 1, 8, 1, 1, 1, 1], vec![3, 1]));
    }
}
