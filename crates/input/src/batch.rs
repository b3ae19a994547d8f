//! Samples to tensors.

use std::fmt;

use anyhow::Result;
use clip_lab_plugin_api::{Dataset, Tokens, tolerated};
use clip_lab_torch_ext::Rows;
use tch::{Device, Kind, Tensor};

use super::{duplicates::groups, loader::Sample};

/// A batch on the device.
#[derive(Debug)]
pub struct Batch {
    /// `[B, 3, H, W]`, normalised; none when the image features are cached.
    pub images: Option<Tensor>,
    /// `[B, width]`: features of the images by the image tower, where they are cached.
    pub features: Option<Tensor>,
    /// Which images, `[B]` int64: rows of the cached features.
    pub indices: Tensor,
    /// The captions; empty where classes are trained on.
    pub tokens: Tokens,
    /// `[B]` int64: rows with one number show the same image or say the same words, so they are no negatives of each
    /// other.
    pub group: Tensor,
    /// The classes, `[B]` int64; zeros where captions are trained on.
    pub classes: Tensor,
    /// Images that could not be read. Their pairs are left out.
    pub broken: Vec<Unreadable>,
}

/// A image that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Index in the data set.
    pub image: usize,
    /// What to call it.
    pub name: String,
    /// Why.
    pub why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

impl Unreadable {
    /// Refuses more of them than a data set allows.
    ///
    /// # Errors
    /// With their list.
    pub fn within(broken: &[Self], data: &dyn Dataset) -> Result<()> {
        let list: Vec<String> = broken.iter().map(ToString::to_string).collect();
        tolerated(data.tolerate(), &list, data.len(), "images")
    }
}

impl Batch {
    /// Pairs in it.
    pub fn len(&self) -> i64 {
        self.indices.size()[0]
    }

    /// Whether every image was broken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows `start..start + len`; they share their storage with the whole.
    ///
    /// # Errors
    /// When there are not so many.
    pub fn rows(&self, start: i64, len: i64) -> Result<Self> {
        let rows = |tensor: &Tensor| tensor.f_narrow(0, start, len);
        Ok(Self {
            images: self.images.as_ref().map(rows).transpose()?,
            features: self.features.as_ref().map(rows).transpose()?,
            indices: rows(&self.indices)?,
            tokens: Tokens { ids: rows(&self.tokens.ids)?, mask: rows(&self.tokens.mask)? },
            group: rows(&self.group)?,
            classes: rows(&self.classes)?,
            broken: Vec::new(),
        })
    }

    /// The batch cut into parts of `size` rows; the last may be smaller.
    ///
    /// # Errors
    /// Those of libtorch.
    pub fn parts(&self, size: i64) -> Result<Vec<Self>> {
        let starts = (0..self.len()).step_by(size.max(1) as usize);
        starts.map(|start| self.rows(start, size.max(1).min(self.len() - start))).collect()
    }

    /// Puts samples together. Their images are already in `images`, a row for each sample in order.
    ///
    /// # Errors
    /// Those of libtorch.
    pub(super) fn collate(
        samples: Vec<Sample>,
        images: Option<Rows>,
        pad_id: i64,
        device: Device,
    ) -> Result<Self> {
        let rows: Vec<i64> =
            (0..).zip(&samples).filter(|(_, sample)| sample.fault.is_none()).map(|(row, _)| row).collect();
        let all = rows.len() == samples.len();
        let (good, bad): (Vec<_>, Vec<_>) = samples.into_iter().partition(|sample| sample.fault.is_none());
        let broken = bad.into_iter().filter_map(|sample| sample.fault).collect();
        let indices: Vec<i64> = good.iter().map(|sample| sample.image as i64).collect();
        let shown: Vec<usize> = good.iter().map(|sample| sample.image).collect();
        let said: Vec<Option<&str>> = good.iter().map(|sample| sample.caption.as_deref()).collect();
        let classes: Vec<i64> = good.iter().map(|sample| sample.class).collect();
        let ids: Vec<&[i64]> = good.iter().map(|sample| sample.ids.as_slice()).collect();
        let images = images.map(|images| {
            let whole = images.join()?;
            // Only a broken image costs a copy.
            let whole = if all { whole } else { whole.f_index_select(0, &Tensor::from_slice(&rows))? };
            // Pinned memory is copied to a GPU while the processor goes on.
            anyhow::Ok(whole.f_to_device_(device, Kind::Float, true, false)?)
        });
        let images = images.transpose()?;
        Ok(Self {
            images,
            features: None,
            indices: Tensor::from_slice(&indices).to_device(device),
            tokens: pad(&ids, pad_id, device),
            group: Tensor::from_slice(&groups(&shown, &said)).to_device(device),
            classes: Tensor::from_slice(&classes).to_device(device),
            broken,
        })
    }
}

/// Token ids padded to the longest of them: `[B, L]`.
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
