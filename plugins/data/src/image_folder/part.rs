//! Splits of a class by held-out images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of the images of every class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Every image.
    #[default]
    All,
    /// Images not held out.
    Train,
    /// Held-out images.
    Val,
}

impl Part {
    /// The images of one class in this part, at most `limit`, in their original order.
    ///
    /// Images are ranked by a hash of their names, and the first `hold_out` of them, rounded, are held out: every class
    /// has the same fraction, and adding or removing an image moves at most one other. At least one image is not held
    /// out.
    pub fn of(self, images: Vec<String>, hold_out: f64, limit: Option<usize>) -> Vec<String> {
        let mut ranked: Vec<usize> = (0..images.len()).collect();
        ranked.sort_by_cached_key(|&index| (*blake3::hash(images[index].as_bytes()).as_bytes(), index));
        let held = (images.len() as f64 * hold_out).round() as usize;
        let held = held.min(images.len().saturating_sub(1));
        let chosen = match self {
            Self::All => &ranked[..],
            Self::Train => &ranked[held..],
            Self::Val => &ranked[..held],
        };
        let mut keep = vec![false; images.len()];
        for &index in chosen.iter().take(limit.unwrap_or(usize::MAX)) {
            keep[index] = true;
        }
        let kept = images.into_iter().zip(keep).filter(|(_, keep)| *keep);
        kept.map(|(image, _)| image).collect()
    }

    /// The name as written in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Train => "train",
            Self::Val => "val",
        }
    }
}
