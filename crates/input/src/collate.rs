//! Collates samples into batches: in host memory first, then copied to the device.

use anyhow::{Context as _, Result};
use clip_lab_torch_ext::{CopyStream, Upload, pack, unpack};
use tch::{Device, Kind, Tensor};

use super::{
    Batch, Unreadable,
    duplicates::groups,
    images::{Images, Normaliser},
    padding::{Padded, Padding},
    source::Sample,
};

/// Parts of the integers of a batch.
const PARTS: usize = 6;

/// A batch in host memory.
pub(super) struct Collated {
    /// The integers, and the images if any, with a row for each sample.
    tensors: Vec<Tensor>,
    contents: Contents,
}

/// A batch that is being copied to the device.
pub(super) struct Uploading {
    upload: Upload,
    contents: Contents,
}

/// What the tensors of a batch hold.
struct Contents {
    /// Lengths of the parts of the integers.
    lengths: [i64; PARTS],
    padded: Padded,
    /// The slots of the readable samples.
    slots: Vec<i64>,
    /// Digests of the captions.
    captions: Vec<[i64; 2]>,
    /// Whether every image was read.
    complete: bool,
    unreadable: Vec<Unreadable>,
}

impl Collated {
    /// Collates samples, which are planned for `slots`. Their images are already in `images`, one row per sample in order;
    /// those of unreadable samples have undefined values.
    pub(super) fn new(
        samples: Vec<Sample>,
        slots: &[i64],
        images: Option<Images>,
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
        let group = groups(&image_ids, &captions);
        let digests = captions.iter().map(|caption| caption.map_or([0; 2], digest)).collect();
        let slots = rows.iter().map(|&row| slots[row as usize]).collect();
        let classes: Vec<i64> = readable.iter().map(|sample| sample.class).collect();
        let texts: Vec<&[i64]> = readable.iter().map(|sample| sample.ids.as_slice()).collect();
        let padded = Padded::new(&texts, padding, device);
        let parts: [&[i64]; PARTS] = [&rows, &indices, &group, &classes, &padded.lengths, &padded.ids];
        let mut tensors = vec![pack(parts, device)?];
        if let Some(images) = images {
            tensors.push(images.join()?);
        }
        let lengths = parts.map(|part| part.len() as i64);
        let contents = Contents { lengths, padded, slots, captions: digests, complete, unreadable };
        Ok(Self { tensors, contents })
    }

    /// Issues the copies to the device of `stream`.
    pub(super) fn upload(self, stream: CopyStream) -> Result<Uploading> {
        Ok(Uploading { upload: stream.upload(self.tensors)?, contents: self.contents })
    }
}

impl Uploading {
    /// The batch on the device. `normaliser` is needed for images that are bytes.
    pub(super) fn batch(self, normaliser: Option<&Normaliser>) -> Result<Batch> {
        let Contents { lengths, padded, slots, captions, complete, unreadable } = self.contents;
        let mut tensors = self.upload.wait()?.into_iter();
        let integers = tensors.next().context("a batch without integers")?;
        let [rows, indices, group, classes, text_lengths, ids] = unpack(&integers, lengths)?;
        let images = tensors.next().map(|images| {
            let images = if complete { images } else { images.f_index_select(0, &rows)? };
            match images.kind() {
                Kind::Uint8 => normaliser.context("bytes without a normaliser")?.apply(&images),
                _ => Ok(images),
            }
        });
        Ok(Batch {
            images: images.transpose()?,
            features: None,
            indices,
            tokens: padded.tokens(&text_lengths, &ids)?,
            group,
            classes,
            slots,
            captions,
            unreadable,
        })
    }
}

/// The first 128 bits of the blake3 digest.
fn digest(caption: &str) -> [i64; 2] {
    let hash = blake3::hash(caption.as_bytes());
    let (words, _) = hash.as_bytes().as_chunks();
    [i64::from_le_bytes(words[0]), i64::from_le_bytes(words[1])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::Pixels;
    use clip_lab_image_io::Normalise;

    /// Planned for the slots from 4.
    fn collated(samples: Vec<Sample>, images: Option<Images>, padding: Padding) -> Batch {
        collated_for(&(4..).take(samples.len()).collect::<Vec<_>>(), samples, images, padding)
    }

    fn collated_for(slots: &[i64], samples: Vec<Sample>, images: Option<Images>, padding: Padding) -> Batch {
        let stream = CopyStream::new(Device::Cpu).unwrap();
        let normaliser = Normaliser::new(&Normalise::new([0.0; 3], [1.0; 3]), Device::Cpu).unwrap();
        let collated = Collated::new(samples, slots, images, padding, Device::Cpu).unwrap();
        collated.upload(stream).unwrap().batch(Some(&normaliser)).unwrap()
    }

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
        let batch = collated(samples, None, Padding { id: 1, limit: 77 });
        let values = |tensor: &Tensor| Vec::<i64>::try_from(tensor).unwrap();
        assert_eq!(values(&batch.indices), [7, 9, 1]);
        assert_eq!(values(&batch.group), [0, 1, 0]);
        assert_eq!(batch.slots, [4, 6, 7]);
        assert!(batch.captions[0] == batch.captions[2] && batch.captions[0] != batch.captions[1]);
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
        let batch = collated(samples, None, Padding { id: 0, limit: 77 });
        assert!(batch.is_empty());
        assert_eq!((batch.tokens.ids.size(), batch.group.size()), (vec![0, 1], vec![0]));
    }

    #[test]
    fn images_are_those_of_the_readable_samples() {
        let unreadable = Unreadable { image: 1, name: "1.png".to_owned(), reason: "truncated".to_owned() };
        for pixels in [Pixels::Floats, Pixels::Bytes] {
            let (images, mut rows) = Images::new(pixels, 3, 2, Device::Cpu).unwrap();
            for (row, level) in rows.iter_mut().zip([51, 0, 204]) {
                let image = image::RgbImage::from_pixel(2, 2, image::Rgb([level; 3]));
                row.sink(&Normalise::new([0.0; 3], [1.0; 3])).write(&image);
            }
            drop(rows);
            let bad = Sample { unreadable: Some(unreadable.clone()), ..Sample::new(1) };
            let samples = vec![Sample::new(0), bad, Sample::new(2)];
            let batch = collated(samples, Some(images), Padding { id: 0, limit: 77 });
            let images = batch.images.unwrap();
            assert_eq!((images.size(), images.kind()), (vec![2, 3, 2, 2], Kind::Float));
            let means =
                Vec::<f32>::try_from(images.mean_dim([1, 2, 3].as_slice(), false, Kind::Float)).unwrap();
            assert!((means[0] - 0.2).abs() < 1e-6 && (means[1] - 0.8).abs() < 1e-6, "{means:?}");
        }
    }

    #[test]
    fn an_unreadable_image_does_not_move_others_to_another_micro_batch() {
        let unreadable = Unreadable { image: 3, name: "3.png".to_owned(), reason: "truncated".to_owned() };
        let lost = |image| Sample { unreadable: Some(unreadable.clone()), ..Sample::new(image) };
        let samples = vec![sample(7, &[5], "a", 0), lost(3), lost(4), lost(5), sample(9, &[8], "b", 0)];
        let batch = collated_for(&[2, 3, 4, 5, 6], samples, None, Padding { id: 0, limit: 77 });
        let parts = batch.micro_batches(2).unwrap();
        let numbers: Vec<_> =
            parts.iter().map(|(number, part)| (*number, part.indices.int64_value(&[0]))).collect();
        assert_eq!(numbers, [(1, 7), (3, 9)]);
        assert_eq!(batch.micro_batches(i64::MAX).unwrap()[0].1.slots, [2, 6]);
    }

    #[test]
    fn captions_are_padded_to_a_common_length() {
        let mut batch = collated(vec![sample(7, &[5, 6], "a", 0)], None, Padding { id: 9, limit: 77 });
        batch.pad_captions(1, 9).unwrap();
        batch.pad_captions(4, 9).unwrap();
        assert_eq!(Vec::<Vec<i64>>::try_from(&batch.tokens.ids).unwrap(), [[5, 6, 9, 9]]);
        assert_eq!(Vec::<Vec<bool>>::try_from(&batch.tokens.mask).unwrap(), [[true, true, false, false]]);
    }
}
