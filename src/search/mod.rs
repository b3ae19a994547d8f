//! Searching pictures: what `clip-lab-core search --serve` answers.
//!
//! ```text
//! folder or split --gallery--> stamps --keep--> index in the cache (crates/index), only new pictures embedded
//! model --engine--> a query's embedding --index--> nearest pictures        serve: questions in, answers out
//!                                         graph (usearch), with --approximate
//!                   an evaluation's ranks --wrong--> what was found before the right answer
//! ```

mod approximate;
mod embed;
mod engine;
mod gallery;
mod keep;
mod place;
mod progress;
mod serve;
mod towers;
mod wrong;

pub use approximate::approximate;
pub use embed::Pictures;
pub use engine::Engine;
pub use gallery::Gallery;
pub use keep::{Embed, keep};
pub use place::Place;
pub use serve::{lines, serve};
pub use towers::{Eyes, Reader};
pub use wrong::{Judge, Wanted};
