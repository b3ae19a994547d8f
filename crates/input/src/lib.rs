//! The data path: order -> crossbeam -> workers (read, augment, tokenise) -> crossbeam -> batches in order.
//!
//! All randomness of an item comes from (seed, epoch, item), so neither the number of threads nor their order changes
//! a batch.

mod batch;
mod distinct;
mod duplicates;
mod identity;
mod loader;
mod order;
mod prepare;
mod sampled;

pub use batch::{Batch, Unreadable, pad};
pub use duplicates::{captions_follow_classes, folded};
pub use identity::identity;
pub use loader::{AHEAD, Loader, Read, Source, cores};
pub use order::{Item, Order};
pub use prepare::Prepare;
