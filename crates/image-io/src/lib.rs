//! Image decoding and preprocessing: from the bytes of a file to the input tensor of an image tower.
//!
//! ```text
//! Image (bytes or pixels) --Decoder::open--> OpenedImage   header parsed, nothing decoded
//!         Crop, drawn from that size --OpenedImage::crop_normalised--> 3 normalised float planes [3, S, S], in place
//!                                    --OpenedImage::crop_to----------> the same, or its RGB bytes [S, S, 3]
//!                                    --OpenedImage::crop-------------> the same crop as RGB, for pixel augmentations
//! ```
//!
//! A random crop that covers most of a JPEG resamples the stored YCbCr planes, each at its own resolution, and converts
//! to RGB only at the output size.
//!
//! All decoding threads share one memory budget ([`clip_lab_files::MemoryReservation`]). A [`Decoder`] holds
//! libjpeg-turbo's decoder and the buffers that one thread reuses for every image.

mod crop;
mod decode;
mod decoder;
mod image;
mod jpeg;
mod normalise;
mod options;
mod resample;

/// Version of the pixels that this crate computes. Changes whenever any pixel does, so that features cached from the
/// old pixels are not reused.
pub const PIXELS: &str = "libjpeg-turbo, 16-bit passes";

pub use crop::{Area, Crop, Detail};
pub use decode::{MAX_PIXELS, decode, open};
pub use decoder::{Decoder, OpenedImage};
pub use image::{Image, MAX_FILE_BYTES};
pub use normalise::Normalise;
pub use options::{Interpolation, Resize};
pub use resample::Sink;
