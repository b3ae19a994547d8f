//! Collates samples into batches.

use anyhow::Result;
use clip_lab_plugin_api::Tokens;
use clip_lab_torch_ext::{Rows, upload};
use tch::{Device, Kind, Tensor};

use super::{
    Unreadable,
    duplicates::groups,
    padding::{Padded, Padding},
    source::Sample,
};

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
        images: Option<Rows<f32>>,
        padding: Padding,
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
        let texts: Vec<&[i64]> = readable.iter().map(|sample| sample.ids.as_slice()).collect();
        let padded = Padded::new(&texts, padding, device);
        let images = images.map(|images| {
            let whole = images.join()?;
            // Copies only if an image is unreadable.
            let whole = if complete { whole } else { whole.f_index_select(0, &Tensor::from_slice(&rows))? };
            // Pinned memory is copied to a GPU asynchronously.
            anyhow::Ok(whole.f_to_device_(device, Kind::Float, true, false)?)
        });
        let images = images.transpose()?;
        let group = groups(&image_ids, &captions);
        let [indices, group, classes, lengths, ids] =
            upload([&indices, &group, &classes, &padded.lengths, &padded.ids], device)?;
        Ok(Self {
            images,
            features: None,
            indices,
            tokens: padded.tokens(&lengths, &ids)?,
            group,
            classes,
            unreadable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(image: usize, ids: &[i64], caption: &str, class: i64) -> Sample {
        Sample { ids: ids.to_vec(), caption: Some(caption.to_owned()), class, ..Sample::new(image) }
    }

    #[test]
    fn integers_are_those_of_the_readable_samples() {
        let unreadable = Unreadable { image: 3, name: "3.png".to_owned(), reason: "truncated".to_owned() };
        let samples = vec![
            sample(7, &[5, 6, 7], "a", 2),
            Sample { unreadable: Some(unreadable.clone()), ..Sample::new(3) },
            sample(9, &[8], "b", 4),
            sample(1, &[9, 9], "a", 6),
        ];
        let batch = Batch::collate(samples, None, Padding { id: 1, limit: 77 }, Device::Cpu).unwrap();
        let values = |tensor: &Tensor| Vec::<i64>::try_from(tensor).unwrap();
        assert_eq!(values(&batch.indices), [7, 9, 1]);
        assert_eq!(values(&batch.group), [0, 1, 0]);
        assert_eq!(values(&batch.classes), [2, 4, 6]);
        let ids = Vec::<Vec<i64>>::try_from(&batch.tokens.ids).unwrap();
        assert_eq!(ids, [[5, 6, 7], [8, 1, 1], [9, 9, 1]]);
        assert_eq!(batch.unreadable, [unreadable]);
        let integers = [&batch.indices, &batch.group, &batch.classes, &batch.tokens.ids];
        assert!(integers.iter().all(|tensor| tensor.kind() == Kind::Int64 && tensor.is_contiguous()));
    }

    #[test]
    fn a_batch_of_unreadable_samples_is_empty() {
        let unreadable = Unreadable { image: 3, name: "3.png".to_owned(), reason: "truncated".to_owned() };
        let samples = vec![Sample { unreadable: Some(unreadable), ..Sample::new(3) }];
        let batch = Batch::collate(samples, None, Padding { id: 0, limit: 77 }, Device::Cpu).unwrap();
        assert!(batch.is_empty());
        assert_eq!((batch.tokens.ids.size(), batch.group.size()), (vec![0, 1], vec![0]));
    }
}
