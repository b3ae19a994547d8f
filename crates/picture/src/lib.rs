//! Pictures: from the bytes of a file to the numbers that an image tower sees.
//!
//! ```text
//! Picture (bytes or pixels) --Scratch::open--> Opened   its size is known, nothing is decoded
//!         Crop, drawn from that size --Opened::numbers--> 3 planes of normalised numbers, in place
//!                                    --Opened::square---> the same as RGB pixels, for what changes those
//! ```
//!
//! A random crop of most of a JPEG is made of the planes that the file stores, brightness and colours each at their own
//! resolution; colours are turned into red, green and blue once the square has its size.
//!
//! All threads together decode as much at once as fits into a budget of memory ([`clip_lab_files::Room`]).
//!
//! A [`Scratch`] holds what one thread needs to do that again and again without asking for memory.

mod crop;
mod decode;
mod jpeg;
mod normalise;
mod opened;
mod picture;
mod resample;
mod words;

/// Names the pixels that this crate makes of a file. It changes with every change that moves one of them by a level, so
/// that features computed from the old ones are not taken for those of the new.
pub const PIXELS: &str = "libjpeg-turbo, 16-bit passes";

pub use crop::{Area, Crop, Detail};
pub use decode::{MOST_PIXELS, decode, open};
pub use normalise::Normalise;
pub use opened::{Opened, Scratch};
pub use picture::{MOST_BYTES, Picture};
pub use words::{Interpolation, Resize};
