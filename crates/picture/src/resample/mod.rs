//! Resampling, as Pillow does it.
//!
//! Downscaling is antialiased: the filter grows with the factor. The libraries that trained today's checkpoints do
//! the same, and without it their features shift. Pillow rounds to 8 bits between its two passes; this keeps 7 bits
//! more, so that the two differ by a level here and there.

mod lanes;
mod levels;
mod passes;
mod taps;

use anyhow::{Result, ensure};

use crate::{
    Interpolation,
    crop::{Crop, Window},
    jpeg::{Region, Ycc},
};

#[cfg(target_arch = "x86_64")]
use lanes::Register;
use lanes::{Lanes, ROWS, Sums};
use levels::Levels;
pub use levels::Sink;
use passes::{Passes, Plane};
use taps::Taps;

/// What resampling needs, used again for every picture.
#[derive(Debug, Default)]
pub struct Resampler {
    passes: [Passes; 3],
    taps: [[Taps; 2]; 2],
    levels: Levels,
}

/// RGB pixels in memory, and where in their picture they are.
#[derive(Debug, Clone, Copy)]
pub struct Raster<'a> {
    /// Row by row.
    pub pixels: &'a [u8],
    /// Which part of the picture.
    pub region: Region,
}

impl Resampler {
    /// Makes the square of `crop`, whose window is one of the picture that `raster` is of.
    ///
    /// # Errors
    /// When there are no pixels.
    pub fn rgb(
        &mut self,
        raster: Raster<'_>,
        crop: &Crop,
        window: Window,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let Region { left, top, width, height } = raster.region;
        ensure!(width > 0 && height > 0, "a picture of {width}x{height} pixels cannot be resized");
        let across = Side { start: window.left - f64::from(left), length: window.width, pixels: width };
        let down = Side { start: window.top - f64::from(top), length: window.height, pixels: height };
        if let Some((left, top)) = across.same(crop.side).zip(down.same(crop.side)) {
            raster.copy(left, top, crop.side as usize, sink);
            return Ok(());
        }
        let plane =
            Plane { bytes: raster.pixels, pitch: 3 * width as usize, width: width as usize, channels: 3 };
        self.set(0, &across, &down, crop);
        self.run(&[plane], crop.side as usize, sink);
        Ok(())
    }

    /// Makes the square of `crop` of brightness and colour differences, each from as many pixels as are stored. That a
    /// colour is stored for several pixels is no reason to compute it for each of them first.
    pub fn ycc(&mut self, picture: &Ycc, crop: &Crop, window: Window, sink: &mut Sink<'_>) {
        let mut planes = Vec::with_capacity(3);
        for (number, plane) in picture.planes().enumerate() {
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
            // Both colours have the same size.
            if number < 2 {
                self.set(number, &across, &down, crop);
            }
            let width = plane.width as usize;
            planes.push(Plane { bytes: plane.bytes, pitch: plane.pitch, width, channels: 1 });
        }
        self.run(&planes, crop.side as usize, sink);
    }

    fn set(&mut self, number: usize, across: &Side, down: &Side, crop: &Crop) {
        self.taps[number][0].set(across, crop.side, crop);
        self.taps[number][1].set(down, crop.side, crop);
    }

    fn run(&mut self, planes: &[Plane<'_>], side: usize, sink: &mut Sink<'_>) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has these instructions.
            #[allow(unsafe_code)]
            return unsafe { self.run_avx2(planes, side, sink) };
        }
        self.bands::<Lanes>(planes, side, sink);
    }

    /// The same loops, compiled for wider registers.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_avx2(&mut self, planes: &[Plane<'_>], side: usize, sink: &mut Sink<'_>) {
        self.bands::<Register>(planes, side, sink);
    }

    #[inline(always)]
    fn bands<S: Sums>(&mut self, planes: &[Plane<'_>], side: usize, sink: &mut Sink<'_>) {
        let Self { passes, taps, levels } = self;
        for (number, passes) in passes.iter_mut().enumerate() {
            passes.begin(&taps[number.min(1)][1]);
        }
        for first in (0..side).step_by(ROWS) {
            for (number, plane) in planes.iter().enumerate() {
                let [across, down] = &taps[number.min(1)];
                passes[number].band::<S>(*plane, across, down, first);
            }
            let [one, blue, red] = passes.each_ref().map(|passes| passes.done.as_slice());
            match planes {
                [rgb] if rgb.channels == 3 => levels.rgb(side, one),
                [_] => levels.grey(side, one),
                _ => levels.ycc(side, one, blue, red),
            }
            levels.pour(sink, side, first);
        }
    }
}

impl Raster<'_> {
    /// Pixels that already have the size.
    fn copy(&self, left: usize, top: usize, side: usize, sink: &mut Sink<'_>) {
        let pitch = 3 * self.region.width as usize;
        let rows = self.pixels.chunks_exact(pitch).skip(top).map(|row| &row[3 * left..][..3 * side]);
        match sink {
            Sink::Bytes(out) => {
                out.chunks_exact_mut(3 * side).zip(rows).for_each(|(to, from)| to.copy_from_slice(from))
            }
            Sink::Numbers(normalise, out) => normalise.pixels(rows, side, out),
        }
    }
}
/// One side of the pixels in memory, and the window on it.
struct Side {
    start: f64,
    length: f64,
    pixels: u32,
}

impl Side {
    /// Where the window begins, if it is `side` whole pixels: nothing is computed then.
    fn same(&self, side: u32) -> Option<usize> {
        let whole = self.start.fract() == 0.0 && self.start >= 0.0 && self.length == f64::from(side);
        (whole && self.start + self.length <= f64::from(self.pixels)).then_some(self.start as usize)
    }
}

/// The pixels of a picture of `width` x `height` that the square of `crop` is made of, its window being `window` there.
pub fn needed(crop: &Crop, window: Window, width: u32, height: u32) -> Region {
    let (left, across) = reach(crop, window.left, window.width, width);
    let (top, down) = reach(crop, window.top, window.height, height);
    Region { left, top, width: across, height: down }
}

/// The first pixel on a side and their number, with those that the filter reaches beyond the window.
fn reach(crop: &Crop, start: f64, length: f64, side: u32) -> (u32, u32) {
    let scale = (length / f64::from(crop.side.max(1))).max(1.0);
    // One more than the filter's reach, for the rounding.
    let beyond = if crop.isolated { 0.0 } else { taps::support(crop.interpolation) * scale + 1.0 };
    let first = ((start - beyond).floor().max(0.0) as u32).min(side.saturating_sub(1));
    let end = ((start + length + beyond).ceil() as u32).clamp(first + 1, side.max(1));
    (first, end - first)
}
