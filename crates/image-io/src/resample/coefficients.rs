//! Filter coefficients: the source pixels and weights of each output pixel, as Pillow's `precompute_coeffs`,
//! <https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c>.

use super::{Interpolation, Side, simd::ONE};
use crate::Crop;

/// For each output pixel, the same number of neighbouring source pixels with weights that sum to one.
#[derive(Debug, Default)]
pub struct Coefficients {
    /// Source pixels per output pixel.
    pub count: usize,
    /// The first source pixel of each output pixel; non-decreasing.
    pub starts: Vec<usize>,
    /// `count` fixed-point weights per output pixel. They sum to exactly one, so a uniform area keeps its level.
    pub weights: Vec<i16>,
    /// Offsets, then float weights: a scratch buffer.
    exact: Vec<f32>,
}

impl Coefficients {
    /// Recomputes the coefficients for `size` output pixels on `side`.
    pub(super) fn set(&mut self, side: &Side, size: u32, crop: &Crop) {
        // Pixels outside an isolated crop get no weight.
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
        self.quantise();
    }

    /// The weights of an output pixel.
    pub fn weights_of(&self, pixel: usize) -> &[i16] {
        &self.weights[self.count * pixel..][..self.count]
    }

    /// Converts the weights to fixed point; adds the rounding remainder, a few units in the last place, to the centre tap.
    fn quantise(&mut self) {
        self.weights.resize(self.exact.len(), 0);
        let pixels = self.exact.chunks_exact(self.count).zip(self.weights.chunks_exact_mut(self.count));
        for (exact, weights) in pixels {
            let sum: f32 = exact.iter().sum();
            let factor = ONE / if sum == 0.0 { 1.0 } else { sum };
            let mut left = ONE as i16;
            for (weight, exact) in weights.iter_mut().zip(exact) {
                // Adding 1.5 * 2^23 rounds to the nearest integer, which is then in the lowest bits.
                *weight = (exact * factor + 12_582_912.0).to_bits() as i16;
                left -= *weight;
            }
            weights[self.count / 2] += left;
        }
    }
}

/// Filter support in pixels.
pub fn support(interpolation: Interpolation) -> f64 {
    match interpolation {
        Interpolation::Bilinear => 1.0,
        Interpolation::Bicubic => 2.0,
    }
}

/// Turns offsets into weights, branch-free so that it vectorises.
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
