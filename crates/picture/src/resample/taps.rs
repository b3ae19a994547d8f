//! Which pixels of a side make each pixel of the square, and with what weights: Pillow's `precompute_coeffs`,
//! <https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c>.

use super::{Interpolation, Side, lanes::ONE};
use crate::Crop;

/// For each pixel of the square, the same number of neighbouring pixels with weights that sum to one.
#[derive(Debug, Default)]
pub struct Taps {
    /// Pixels that make one.
    pub count: usize,
    /// The first of them, for each; never falls.
    pub starts: Vec<usize>,
    /// `count` weights for each, in fixed point. They sum to one exactly, so that an even area keeps its level.
    pub weights: Vec<i16>,
    /// Offsets and then weights, on the way.
    exact: Vec<f32>,
}

impl Taps {
    /// Weights on `side` for a square of `size` pixels, in place of those that were here.
    pub(super) fn set(&mut self, side: &Side, size: u32, crop: &Crop) {
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
        self.count = ((2.0 * reach).ceil() as usize).min(high - low);
        self.starts.clear();
        self.exact.clear();
        let step = 1.0 / wide;
        for pixel in 0..size {
            let centre = side.start + (f64::from(pixel) + 0.5) * scale;
            let first = ((centre - reach + 0.5) as u32 as usize).clamp(low, high - self.count);
            self.starts.push(first);
            let offset = ((first as f64 + 0.5 - centre) * step) as f32;
            self.exact.extend((0..self.count).map(|tap| offset + tap as f32 * step as f32));
        }
        filter(crop.interpolation, &mut self.exact);
        self.fix();
    }

    /// The weights of a pixel of the square.
    pub fn weights_of(&self, pixel: usize) -> &[i16] {
        &self.weights[self.count * pixel..][..self.count]
    }

    /// The exact weights in fixed point; what rounding leaves over, a few units of the last place, goes to the middle.
    fn fix(&mut self) {
        self.weights.resize(self.exact.len(), 0);
        let pixels = self.exact.chunks_exact(self.count).zip(self.weights.chunks_exact_mut(self.count));
        for (exact, weights) in pixels {
            let sum: f32 = exact.iter().sum();
            let factor = ONE / if sum == 0.0 { 1.0 } else { sum };
            let mut left = ONE as i16;
            for (weight, exact) in weights.iter_mut().zip(exact) {
                // Adding 1.5 * 2^23 rounds to the nearest whole number, which is then the lowest bits.
                *weight = (exact * factor + 12_582_912.0).to_bits() as i16;
                left -= *weight;
            }
            weights[self.count / 2] += left;
        }
    }
}

/// How far a filter reaches, in pixels.
pub fn support(interpolation: Interpolation) -> f64 {
    match interpolation {
        Interpolation::Bilinear => 1.0,
        Interpolation::Bicubic => 2.0,
    }
}

/// Turns offsets into weights, without a branch so that several are done at once.
fn filter(interpolation: Interpolation, offsets: &mut [f32]) {
    const A: f32 = -0.5;
    match interpolation {
        Interpolation::Bilinear => offsets.iter_mut().for_each(|at| *at = (1.0 - at.abs()).max(0.0)),
        Interpolation::Bicubic => offsets.iter_mut().for_each(|place| {
            let at = place.abs();
            let near = ((A + 2.0) * at - (A + 3.0)) * at * at + 1.0;
            let far = (((at - 5.0) * at + 8.0) * at - 4.0) * A;
            *place = if at < 1.0 { near } else { far } * if at < 2.0 { 1.0 } else { 0.0 };
        }),
    }
}
