//! Collates samples into batches.

use anyhow::Result;
use clip_lab_plugin_api::Tokens;
use clip_lab_torch_ext::Rows;
use tch::{Device, Kind, Tensor};

use super::{Unreadable, duplicates::groups, source::Sample};

/// A batch on the device.
#[derive(Debug)]
pub struct Batch {
    /// Normalised images `[B, 3, H, W]`; none if the image features are cached.
    pub images: Option<Tensor>,
    /// Cached features of the image tower, `[B, width]`.
    pub features: Option<Tensor>,
    /// Indices of the images in the data set, `[B]` int64.
    pub indices: Tensor,
    /// The captions; empty when training on classes.
    pub tokens: Tokens,
    /// Duplicate groups, `[B]` int64: rows of a group have the same image or caption, so they are not negatives of each
    /// other.
    pub group: Tensor,
    /// The classes, `[B]` int64; zeros when training on captions.
    pub classes: Tensor,
    /// Unreadable images. Their pairs are not in the batch.
    pub unreadable: Vec<Unreadable>,
}

impl Batch {
    /// Number of items.
    pub fn len(&self) -> i64 {
        self.indices.size()[0]
    }

    /// Whether every image was unreadable.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows `start..start + len`, as views of the batch.
    ///
    /// # Errors
    /// When the range exceeds the batch.
    pub fn rows(&self, start: i64, len: i64) -> Result<Self> {
        let rows = |tensor: &Tensor| tensor.f_narrow(0, start, len);
        Ok(Self {
            images: self.images.as_ref().map(rows).transpose()?,
            features: self.features.as_ref().map(rows).transpose()?,
            indices: rows(&self.indices)?,
            tokens: Tokens { ids: rows(&self.tokens.ids)?, mask: rows(&self.tokens.mask)? },
            group: rows(&self.group)?,
            classes: rows(&self.classes)?,
            unreadable: Vec::new(),
        })
    }

    /// Splits the batch into parts of `size` rows; the last may be smaller.
    ///
    /// # Errors
    /// When libtorch fails.
    pub fn parts(&self, size: i64) -> Result<Vec<Self>> {
        let starts = (0..self.len()).step_by(size.max(1) as usize);
        starts.map(|start| self.rows(start, size.max(1).min(self.len() - start))).collect()
    }

    /// Collates samples. Their images are already in `images`, one row per sample in order.
    ///
    /// # Errors
    /// When libtorch fails.
    pub(super) fn collate(
        samples: Vec<Sample>,
        images: Option<Rows>,
        pad_id: i64,
        device: Device,
    ) -> Result<Self> {
        let rows: Vec<i64> = (0..)
            .zip(&samples)
            .filter(|(_, sample)| sample.unreadable.is_none())
            .map(|(row, _)| row)
            .collect();
        let complete = rows.len() == samples.len();
        let (readable, unreadable): (Vec<_>, Vec<_>) =
            samples.into_iter().partition(|sample| sample.unreadable.is_none());
        let unreadable = unreadable.into_iter().filter_map(|sample| sample.unreadable).collect();
        let indices: Vec<i64> = readable.iter().map(|sample| sample.image as i64).collect();
        let image_ids: Vec<usize> = readable.iter().map(|sample| sample.image).collect();
        let captions: Vec<Option<&str>> = readable.iter().map(|sample| sample.caption.as_deref()).collect();
        let classes: Vec<i64> = readable.iter().map(|sample| sample.class).collect();
        let ids: Vec<&[i64]> = readable.iter().map(|sample| sample.ids.as_slice()).collect();
        let images = images.map(|images| {
            let whole = images.join()?;
            // Copies only if an image is unreadable.
            let whole = if complete { whole } else { whole.f_index_select(0, &Tensor::from_slice(&rows))? };
            // Pinned memory is copied to a GPU asynchronously.
            anyhow::Ok(whole.f_to_device_(device, Kind::Float, true, false)?)
        });
        let images = images.transpose()?;
        Ok(Self {
            images,
            features: None,
            indices: Tensor::from_slice(&indices).to_device(device),
            tokens: pad(&ids, pad_id, device),
            group: Tensor::from_slice(&groups(&image_ids, &captions)).to_device(device),
            classes: Tensor::from_slice(&classes).to_device(device),
            unreadable,
        })
    }
}

/// Pads token ids to the longest text: `[B, L]`.
pub fn pad(texts: &[&[i64]], pad_id: i64, device: Device) -> Tokens {
    let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0).max(1);
    let mut ids = vec![pad_id; texts.len() * longest];
    let mut mask = vec![false; texts.len() * longest];
    for (row, text) in texts.iter().enumerate() {
        ids[row * longest..][..text.len()].copy_from_slice(text);
        mask[row * longest..][..text.len()].fill(true);
    }
    let shape = [texts.len() as i64, longest as i64];
    Tokens {
        ids: Tensor::from_slice(&ids).view(shape).to_device(device),
        mask: Tensor::from_slice(&mask).view(shape).to_device(device),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_padded_to_the_longest() {
        let tokens = pad(&[&[5, 6, 7], &[8]], 0, Device::Cpu);
        assert_eq!(Vec::<Vec<i64>>::try_from(&tokens.ids).unwrap(), [[5, 6, 7], [8, 0, 0]]);
        assert_eq!(
            Vec::<Vec<bool>>::try_from(&tokens.mask).unwrap(),
            [[true, true, true], [true, false, false]]
        );
        assert_eq!(pad(&[], 0, Device::Cpu).ids.size(), [0, 1]);
    }
}
