//! Image search: the server of `clip-lab-core search --serve`.
//!
//! ```text
//! folder or split --gallery--> stamps --update--> index in the cache (crates/vector-index), only new images embedded
//! model --engine--> query embedding --index--> nearest images        serve: requests in, replies out
//!                                     graph (usearch), with --approximate
//!                   an evaluation's ranks --wrong_matches--> results ranked above the correct one
//! ```

mod approximate;
mod embed;
mod engine;
mod gallery;
mod index_file;
mod progress;
mod serve;
mod towers;
mod update;
mod wrong_matches;

pub use approximate::approximate;
pub use embed::GalleryImages;
pub use engine::Engine;
pub use gallery::Gallery;
pub use index_file::IndexFile;
pub use serve::{lines, serve};
pub use towers::{ImageEmbedder, TextEmbedder};
pub use update::{Embed, update_index};
pub use wrong_matches::{RankQuery, WrongMatches};
