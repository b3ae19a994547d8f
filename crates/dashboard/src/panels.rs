//! Panels specific to contrastive training: one file per panel, drawn from plain data.

pub mod ema;
mod heat;
pub mod images;
pub mod layers;
pub mod log;
pub mod phases;
pub mod similarity;
pub mod system;
pub mod temperature;
