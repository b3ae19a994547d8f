//! JPEG, the format of nearly all images: libjpeg-turbo decodes only the region that is needed, at the smallest
//! sufficient scale.

mod markers;
mod turbo;
mod ycc;

pub use markers::{is_jpeg, is_whole, orientation};
pub use turbo::{Header, Region, Turbo};
pub use ycc::Ycc;
