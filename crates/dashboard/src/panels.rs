//! Panels specific to contrastive training: one file per panel, drawn from plain data.

pub mod data;
pub mod ema;
mod heat;
pub mod images;
pub mod layers;
pub mod log;
pub(crate) mod paint;
pub mod phases;
mod read;
mod selection;
pub mod similarity;
pub mod system;
pub mod temperature;

pub use data::{Layers, Panels, Phases, RunProbes, Scale, SystemMetric, SystemStats};
pub use log::Log;
pub(super) use read::Cache;
pub use selection::{MatrixMode, Selection, evaluations};
