//! JPEG files, which nearly all pictures are: libjpeg-turbo decodes only the part that is needed, at the smallest
//! scale that serves.

mod markers;
mod turbo;
mod ycc;

pub use markers::{is_jpeg, is_whole, orientation};
pub use turbo::{Header, Region, Turbo};
pub use ycc::Ycc;
