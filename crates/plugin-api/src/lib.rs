//! The contract between clip-lab and its plugins.
//!
//! A plugin is a settings struct plus one trait. The settings struct is written by users in a spec; its doc comments
//! are the help printed by `clip-lab plugins`. The trait is called by the trainer:
//!
//! | kind | trait | written in a spec as |
//! |---|---|---|
//! | image encoder | [`ImageEncoder`] | `[model.image]` |
//! | text encoder | [`TextEncoder`] | `[model.text]` |
//! | projection | [`Projection`] | `[model.image_projection]`, `[model.text_projection]` |
//! | tokenizer | [`Tokenizer`] | `[tokenizer]` |
//! | loss | [`Loss`] | `[loss]` |
//! | optimizer | [`Optimizer`] | `[optimizer]` |
//! | schedule | [`Schedule`] | `[schedule]` |
//! | trick | [`Trick`] | `[[trick]]` |
//! | augmentation | [`Augment`] | `[[augment]]` |
//! | data set | [`Dataset`] | `[data.train]`, `[data.val]`, `[data.test]` |
//! | evaluator | [`Evaluator`] | `[[eval]]` |
//!
//! A plugin crate has one `fn register(&mut Catalog)` with one line per plugin.

mod catalog;
mod caught;
pub mod conformance;
pub mod export;
mod kinds;
mod params;
mod section;
mod settings;
pub mod templates;
mod tolerance;

pub use catalog::{Catalog, Description, Kind, Planned, Plugin, Registry};
pub use clip_lab_diagnostics as diagnostics;
pub use clip_lab_diagnostics::parse;
pub use clip_lab_home::cache_dir;
pub use clip_lab_image_io::{Crop, Image, Interpolation, Resize};
pub use kinds::*;
pub use params::{Param, Params};
pub use section::{Origin, Section};
pub use settings::{Problems, Settings};
pub use tolerance::{TOLERATE, few, tolerated};

/// The imports of nearly every plugin file.
pub mod prelude {
    pub use crate::*;
    pub use anyhow::{Context as _, Result, anyhow, bail, ensure};
    pub use schemars::{self, JsonSchema};
    pub use serde::{Deserialize, Serialize};
    pub use tch::{self, Device, Kind as DType, Tensor, nn};
}
