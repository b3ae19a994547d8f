//! Thumbnails, so that a run can be viewed without its data.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use anyhow::{Context as _, Result};
use clip_lab_plugin_api::Dataset;
use image::{ImageEncoder as _, RgbImage, codecs::jpeg::JpegEncoder, imageops};

use clip_lab_plan::Split;

/// The longer side in pixels.
const SIDE: u32 = 96;
const QUALITY: u8 = 85;

/// Digests of the thumbnails created so far, by split and image; none for an unreadable image.
#[derive(Debug, Default)]
pub struct Thumbnails {
    digests: HashMap<(&'static str, usize), Option<String>>,
}

impl Thumbnails {
    /// Creates the missing thumbnails of `images` with several threads, and passes each to `store` with its digest. Each
    /// image is decoded once per process.
    pub fn create(
        &mut self,
        split: Split,
        data: &dyn Dataset,
        mut images: Vec<usize>,
        threads: usize,
        mut store: impl FnMut(&str, Vec<u8>),
    ) {
        images.retain(|&image| !self.digests.contains_key(&(split.as_str(), image)));
        images.sort_unstable();
        images.dedup();
        for (image, jpeg) in images.iter().zip(thumbnails(data, &images, threads)) {
            let digest = jpeg.as_deref().map(digest);
            if let Some((digest, jpeg)) = digest.as_deref().zip(jpeg) {
                store(digest, jpeg);
            }
            self.digests.insert((split.as_str(), *image), digest);
        }
    }

    /// The digest of an image's thumbnail, if there is one.
    pub fn digest(&self, split: Split, image: usize) -> Option<String> {
        self.digests.get(&(split.as_str(), image)).cloned().flatten()
    }
}

/// A JPEG of at most `side` x `side` pixels with the image's aspect ratio; small images keep their size.
///
/// # Errors
/// If encoding fails.
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
        .context("encoding a thumbnail")?;
    Ok(jpeg)
}

fn digest(jpeg: &[u8]) -> String {
    blake3::hash(jpeg).to_hex()[..32].to_owned()
}

/// The thumbnails of `images`, in order.
fn thumbnails(data: &dyn Dataset, images: &[usize], threads: usize) -> Vec<Option<Vec<u8>>> {
    // An image whose decoder fails or panics has no thumbnail.
    let thumbnail_of = |&image: &usize| {
        let create = || {
            let (pixels, _memory) = data.image(image)?.decode_reserved()?;
            thumbnail(&pixels, SIDE)
        };
        catch_unwind(AssertUnwindSafe(create)).ok()?.ok()
    };
    let share = images.len().div_ceil(threads.max(1)).max(1);
    thread::scope(|scope| {
        let part = |part: &'_ [usize]| part.iter().map(thumbnail_of).collect::<Vec<_>>();
        let parts: Vec<_> = images.chunks(share).map(|images| scope.spawn(move || part(images))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbnails_keep_the_aspect_ratio_and_small_images_their_size() {
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

    /// The second image is damaged, the decoder of the third panics.
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
    fn each_is_created_once_and_a_damaged_image_has_none() {
        let (mut thumbnails, mut stored) = (Thumbnails::default(), Vec::new());
        for images in [vec![3, 0, 2, 0], vec![0, 1, 2, 3]] {
            thumbnails.create(Split::Val, &Damaged, images, 2, |digest, jpeg| {
                stored.push((digest.to_owned(), jpeg))
            });
        }
        let digests = [0, 1, 2, 3].map(|image| thumbnails.digest(Split::Val, image));
        assert_eq!(digests.map(|digest| digest.is_some()), [true, false, false, true]);
        assert_eq!(stored.len(), 2, "once each");
        assert!(stored.iter().all(|(name, jpeg)| *name == digest(jpeg)));
        assert_eq!(thumbnails.digest(Split::Test, 0), None);
    }
}
