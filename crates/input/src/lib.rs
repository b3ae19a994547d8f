//! The data path: order -> channel -> workers (read, augment, tokenise) -> channel -> batches in order.
//!
//! All randomness of an item is a function of (seed, epoch, item), so batches do not depend on the number or scheduling
//! of threads.

mod batch;
mod collate;
mod distinct;
mod duplicates;
mod identity;
mod images;
mod item;
mod loader;
mod order;
mod padding;
mod planned;
mod prepare;
mod sampled;
mod source;
mod unreadable;

pub use batch::Batch;
pub use duplicates::{captions_follow_classes, folded, groups};
pub use identity::identity;
pub use item::Item;
pub use loader::{Loader, PREFETCHED_BATCHES, cores};
pub use order::Order;
pub use padding::{Padding, pad};
pub use planned::PlannedBatch;
pub use prepare::Prepare;
pub use source::{Read, Source};
pub use unreadable::Unreadable;
