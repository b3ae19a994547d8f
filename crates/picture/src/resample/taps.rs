//! Which pixels of a side make each pixel of the square, and with what weights: Pillow's `precompute_coeffs`,
//! <https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c>.

use super::{Interpolation, Side};
use crate::Crop;

/// For each pixel of the square, the same number of neighbouring pixels with weights that sum to one.
pub struct Taps {
    /// Pixels that make one.
    pub count: usize,
    /// The first of them, for each; never falls.
    pub starts: Vec<usize>,
    /// `count` weights for each.
    pub weights: Vec<f32>,
}

impl Taps {
    /// Weights on `side` for a square of `size` pixels.
    pub(super) fn new(side: &Side, size: u32, crop: &Crop) -> Self {
        // Nothing outside of an isolated cut leaks in: what is beyond has no weight.
        let (low, high) = if crop.isolated {
            let low = (side.start.floor().max(0.0) as usize).min(side.pixels as usize - 1);
            let high = (side.start + side.length).ceil() as usize;
            (low, high.clamp(low + 1, side.pixels as usize))
        } else {
            (0, side.pixels as usize)
        };
        let scale = side.length / f64::from(size.max(1));
        let wide = scale.max(1.0);
        let reach = support(crop.interpolation) * wide;
        let count = (2 * (reach.ceil() as usize) + 1).min(high - low);
        let mut taps = Self { count, starts: Vec::new(), weights: Vec::new() };
        for pixel in 0..size {
            let centre = side.start + (f64::from(pixel) + 0.5) * scale;
            let first = ((centre - reach + 0.5).max(0.0) as usize).clamp(low, high - count);
            let weight = |tap: usize| {
                let offset = (first + tap) as f64 + 0.5 - centre;
                filter(crop.interpolation, offset / wide)
            };
            let sum: f64 = (0..count).map(weight).sum();
            let scaled = |tap: usize| (weight(tap) / if sum == 0.0 { 1.0 } else { sum }) as f32;
            taps.weights.extend((0..count).map(scaled));
            taps.starts.push(first);
        }
        taps
    }
}

/// How far a filter reaches, in pixels.
pub fn support(interpolation: Interpolation) -> f64 {
    match interpolation {
        Interpolation::Bilinear => 1.0,
        Interpolation::Bicubic => 2.0,
    }
}

fn filter(interpolation: Interpolation, at: f64) -> f64 {
    const A: f64 = -0.5;
    let at = at.abs();
    match interpolation {
        Interpolation::Bilinear => (1.0 - at).max(0.0),
        Interpolation::Bicubic if at < 1.0 => ((A + 2.0) * at - (A + 3.0)) * at * at + 1.0,
        Interpolation::Bicubic if at < 2.0 => (((at - 5.0) * at + 8.0) * at - 4.0) * A,
        Interpolation::Bicubic => 0.0,
    }
}
