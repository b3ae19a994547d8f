//! The model: an image tower with a text tower or a classifier. Each tower has a projection into the shared space.

mod classifier;
mod device;
mod embed;
mod numerics;
mod objective;
mod towers;
mod unit;

pub use classifier::{Classifier, init_zero_shot};
pub use device::{ChosenDevice, device, nvidia_driver};
pub use embed::{TEXT_BATCH, embed_texts};
pub use numerics::{Numerics, autocast_kind};
pub use objective::Objective;
pub use towers::{ImageTower, Side, TextTower, WeightsSource};
pub use unit::unit;
