//! Separable resampling, as in Pillow.
//!
//! Downscaling is antialiased: the filter support grows with the factor. Published checkpoints were trained this way, and
//! without it their features shift. Pillow rounds to 8 bits between the two passes; this keeps 7 more bits, so results
//! differ by one level at some pixels.

mod coefficients;
mod levels;
mod passes;
mod simd;

use anyhow::{Result, ensure};

use crate::{
    Interpolation,
    crop::{Crop, Window},
    jpeg::{Region, Ycc},
};

use coefficients::Coefficients;
use levels::Levels;
pub use levels::Sink;
use passes::{Passes, Plane};
#[cfg(target_arch = "x86_64")]
use simd::Register;
use simd::{Accumulator, Lanes, ROWS};

/// Buffers of the resampler, reused for every image.
#[derive(Debug, Default)]
pub struct Resampler {
    passes: [Passes; 3],
    coefficients: [[Coefficients; 2]; 2],
    levels: Levels,
}

/// RGB pixels in memory and their region within the image.
#[derive(Debug, Clone, Copy)]
pub struct Raster<'a> {
    /// Row by row.
    pub pixels: &'a [u8],
    /// Their region within the image.
    pub region: Region,
}

impl Resampler {
    /// Resamples RGB pixels to the square of `crop`; `window` is in coordinates of the whole image.
    ///
    /// # Errors
    /// If there are no pixels.
    pub fn rgb(
        &mut self,
        raster: Raster<'_>,
        crop: &Crop,
        window: Window,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let Region { left, top, width, height } = raster.region;
        ensure!(width > 0 && height > 0, "an image of {width}x{height} pixels cannot be resized");
        let across = Side { start: window.left - f64::from(left), length: window.width, pixels: width };
        let down = Side { start: window.top - f64::from(top), length: window.height, pixels: height };
        if let Some((left, top)) = across.unscaled(crop.side).zip(down.unscaled(crop.side)) {
            raster.copy(left, top, crop.side as usize, sink);
            return Ok(());
        }
        let plane =
            Plane { bytes: raster.pixels, pitch: 3 * width as usize, width: width as usize, channels: 3 };
        self.set(0, &across, &down, crop);
        self.run(&[plane], crop.side as usize, sink);
        Ok(())
    }

    /// Resamples YCbCr planes to the square of `crop`, each from its stored resolution: subsampled chroma is not upsampled
    /// first.
    pub fn ycc(&mut self, image: &Ycc, crop: &Crop, window: Window, sink: &mut Sink<'_>) {
        let mut planes = Vec::with_capacity(3);
        for (number, plane) in image.planes().enumerate() {
            let (stretch_x, stretch_y) = plane.stretch;
            let across = Side {
                start: window.left / stretch_x,
                length: window.width / stretch_x,
                pixels: plane.width,
            };
            let down = Side {
                start: window.top / stretch_y,
                length: window.height / stretch_y,
                pixels: plane.height,
            };
            // Cb and Cr have the same size.
            if number < 2 {
                self.set(number, &across, &down, crop);
            }
            let width = plane.width as usize;
            planes.push(Plane { bytes: plane.bytes, pitch: plane.pitch, width, channels: 1 });
        }
        self.run(&planes, crop.side as usize, sink);
    }

    fn set(&mut self, number: usize, across: &Side, down: &Side, crop: &Crop) {
        self.coefficients[number][0].set(across, crop.side, crop);
        self.coefficients[number][1].set(down, crop.side, crop);
    }

    fn run(&mut self, planes: &[Plane<'_>], side: usize, sink: &mut Sink<'_>) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU supports AVX2, checked above.
            #[allow(unsafe_code)]
            return unsafe { self.run_avx2(planes, side, sink) };
        }
        self.bands::<Lanes>(planes, side, sink);
    }

    /// The same loops, compiled for AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_avx2(&mut self, planes: &[Plane<'_>], side: usize, sink: &mut Sink<'_>) {
        self.bands::<Register>(planes, side, sink);
    }

    #[inline(always)]
    fn bands<S: Accumulator>(&mut self, planes: &[Plane<'_>], side: usize, sink: &mut Sink<'_>) {
        let Self { passes, coefficients, levels } = self;
        for (number, passes) in passes.iter_mut().enumerate() {
            passes.begin(&coefficients[number.min(1)][1]);
        }
        for first in (0..side).step_by(ROWS) {
            for (number, plane) in planes.iter().enumerate() {
                let [across, down] = &coefficients[number.min(1)];
                passes[number].band::<S>(*plane, across, down, first);
            }
            let [one, blue, red] = passes.each_ref().map(|passes| passes.done.as_slice());
            match planes {
                [rgb] if rgb.channels == 3 => levels.rgb(side, one),
                [_] => levels.grey(side, one),
                _ => levels.ycc(side, one, blue, red),
            }
            levels.write(sink, side, first);
        }
    }
}

impl Raster<'_> {
    /// Copies pixels that need no resampling.
    fn copy(&self, left: usize, top: usize, side: usize, sink: &mut Sink<'_>) {
        let pitch = 3 * self.region.width as usize;
        let rows = self.pixels.chunks_exact(pitch).skip(top).map(|row| &row[3 * left..][..3 * side]);
        match sink {
            Sink::Bytes(out) => {
                out.chunks_exact_mut(3 * side).zip(rows).for_each(|(to, from)| to.copy_from_slice(from))
            }
            Sink::Floats(normalise, out) => normalise.pixels(rows, side, out),
        }
    }
}

/// One axis: the pixels in memory and the window on them.
struct Side {
    start: f64,
    length: f64,
    pixels: u32,
}

impl Side {
    /// The start of the window if it is exactly `side` whole pixels, which need no resampling.
    fn unscaled(&self, side: u32) -> Option<usize> {
        let whole = self.start.fract() == 0.0 && self.start >= 0.0 && self.length == f64::from(side);
        (whole && self.start + self.length <= f64::from(self.pixels)).then_some(self.start as usize)
    }
}

/// The region of a `width` x `height` image that resampling `window` reads.
pub fn source_region(crop: &Crop, window: Window, width: u32, height: u32) -> Region {
    let (left, across) = source_span(crop, window.left, window.width, width);
    let (top, down) = source_span(crop, window.top, window.height, height);
    Region { left, top, width: across, height: down }
}

/// First pixel and number of pixels on one axis, including the filter support outside the window.
fn source_span(crop: &Crop, start: f64, length: f64, side: u32) -> (u32, u32) {
    let scale = (length / f64::from(crop.side.max(1))).max(1.0);
    // One more than the filter support, for rounding.
    let beyond = if crop.isolated { 0.0 } else { coefficients::support(crop.interpolation) * scale + 1.0 };
    let first = ((start - beyond).floor().max(0.0) as u32).min(side.saturating_sub(1));
    let end = ((start + length + beyond).ceil() as u32).clamp(first + 1, side.max(1));
    (first, end - first)
}
