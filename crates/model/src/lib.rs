//! The model: an image tower and what it is trained against, each tower with its projection into the shared space.

mod classifier;
mod device;
mod embed;
mod numerics;
mod towers;

pub use classifier::{Classifier, start as zero_shot_start};
pub use device::device;
pub use embed::{TEXTS_TOGETHER, embed_texts};
pub use numerics::{Numerics, autocast_kind};
pub use towers::{ImageTower, Objective, Side, Start, TextTower, unit};
