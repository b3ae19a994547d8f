//! Small images for those who look at a run without its data.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use anyhow::{Context as _, Result};
use clip_lab_plugin_api::Dataset;
use image::{ImageEncoder as _, RgbImage, codecs::jpeg::JpegEncoder, imageops};

use clip_lab_plan::Split;

/// Pixels of the longer side.
const SIDE: u32 = 96;
const QUALITY: u8 = 85;

/// Digests of the thumbnails made so far, by split and image. A image that cannot be read has none.
#[derive(Debug, Default)]
pub struct Thumbnails {
    made: HashMap<(&'static str, usize), Option<String>>,
}

impl Thumbnails {
    /// Makes those of `wanted` that are not there yet, with several threads, and hands each to `keep` with its digest.
    /// Costs the decoding of the images, once in the life of a process.
    pub fn make(
        &mut self,
        split: Split,
        data: &dyn Dataset,
        mut wanted: Vec<usize>,
        threads: usize,
        mut keep: impl FnMut(&str, Vec<u8>),
    ) {
        wanted.retain(|&image| !self.made.contains_key(&(split.as_str(), image)));
        wanted.sort_unstable();
        wanted.dedup();
        for (image, jpeg) in wanted.iter().zip(decode(data, &wanted, threads)) {
            let digest = jpeg.as_deref().map(digest);
            if let Some((digest, jpeg)) = digest.as_deref().zip(jpeg) {
                keep(digest, jpeg);
            }
            self.made.insert((split.as_str(), *image), digest);
        }
    }

    /// The digest of a image's thumbnail, if one could be made.
    pub fn digest(&self, split: Split, image: usize) -> Option<String> {
        self.made.get(&(split.as_str(), image)).cloned().flatten()
    }
}

/// A JPEG of at most `side` x `side` pixels, in the proportions of the image; small images keep their size.
///
/// # Errors
/// Those of the encoder.
pub fn thumbnail(image: &RgbImage, side: u32) -> Result<Vec<u8>> {
    let (width, height) = image.dimensions();
    let longer = width.max(height);
    let fit = |pixels: u32| (u64::from(pixels) * u64::from(side) / u64::from(longer)).max(1) as u32;
    let smaller = (longer > side).then(|| imageops::thumbnail(image, fit(width), fit(height)));
    let small = smaller.as_ref().unwrap_or(image);
    let mut jpeg = Vec::new();
    let (width, height) = small.dimensions();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    encoder
        .write_image(small, width, height, image::ExtendedColorType::Rgb8)
        .context("writing a thumbnail")?;
    Ok(jpeg)
}

fn digest(jpeg: &[u8]) -> String {
    blake3::hash(jpeg).to_hex()[..32].to_owned()
}

/// The thumbnails of `images`, in order.
fn decode(data: &dyn Dataset, images: &[usize], threads: usize) -> Vec<Option<Vec<u8>>> {
    // A image that makes a decoder fail or panic costs its thumbnail and nothing else.
    let one = |&image: &usize| {
        let make = || {
            let (pixels, _room) = data.image(image)?.decode_within()?;
            thumbnail(&pixels, SIDE)
        };
        catch_unwind(AssertUnwindSafe(make)).ok()?.ok()
    };
    let share = images.len().div_ceil(threads.max(1)).max(1);
    thread::scope(|scope| {
        let part = |part: &'_ [usize]| part.iter().map(one).collect::<Vec<_>>();
        let parts: Vec<_> = images.chunks(share).map(|images| scope.spawn(move || part(images))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbnails_keep_proportions_and_small_images_their_size() {
        for ((width, height), want) in
            [((300, 200), (96, 64)), ((50, 4000), (1, 96)), ((72, 72), (72, 72)), ((1, 1), (1, 1))]
        {
            let jpeg =
                thumbnail(&RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30])), SIDE).unwrap();
            let back =
                image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg).unwrap().into_rgb8();
            assert_eq!(back.dimensions(), want);
            assert!(back[(0, 0)].0[0] > 150, "still red");
        }
    }

    /// The second image is damaged, the third makes its decoder panic.
    struct Damaged;

    impl Dataset for Damaged {
        fn len(&self) -> usize {
            4
        }
        fn image(&self, index: usize) -> Result<clip_lab_plugin_api::Image> {
            match index {
                1 => anyhow::bail!("damaged"),
                2 => panic!("on purpose"),
                _ => Ok(RgbImage::from_pixel(200, 100, image::Rgb([index as u8 * 60, 0, 0])).into()),
            }
        }
        fn captions(&self, _index: usize) -> &[String] {
            &[]
        }
        fn name(&self, index: usize) -> String {
            index.to_string()
        }
        fn fingerprint(&self) -> String {
            String::new()
        }
    }

    #[test]
    fn each_is_made_once_and_a_damaged_image_has_none() {
        let (mut thumbnails, mut kept) = (Thumbnails::default(), Vec::new());
        for wanted in [vec![3, 0, 2, 0], vec![0, 1, 2, 3]] {
            thumbnails
                .make(Split::Val, &Damaged, wanted, 2, |digest, jpeg| kept.push((digest.to_owned(), jpeg)));
        }
        let digests = [0, 1, 2, 3].map(|image| thumbnails.digest(Split::Val, image));
        assert_eq!(digests.map(|digest| digest.is_some()), [true, false, false, true]);
        assert_eq!(kept.len(), 2, "once each");
        assert!(kept.iter().all(|(name, jpeg)| *name == digest(jpeg)));
        assert_eq!(thumbnails.digest(Split::Test, 0), None);
    }
}
