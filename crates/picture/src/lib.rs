//! Pictures: from the bytes of a file to the numbers that an image tower sees.
//!
//! ```text
//! Picture (bytes or pixels) --Scratch::open--> Opened   its size is known, nothing is decoded
//!         Crop, drawn from that size --Opened::square--> the square, of only those pixels that it needs
//!                                    Normalise::write--> 3 planes of numbers, in place
//! ```
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
pub const PIXELS: &str = "libjpeg-turbo, float passes";

pub use crop::{Area, Crop, Detail};
pub use decode::{MOST_PIXELS, decode, open};
pub use normalise::Normalise;
pub use opened::{Opened, Scratch};
pub use picture::Picture;
pub use words::{Interpolation, Resize};
