//! Normalises 8-bit pixels to the floats that an image tower takes.

use image::RgbImage;

/// `(value / 255 - mean) / std` per channel, as `value * scale + shift`: product and sum are rounded one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalise {
    scale: [f32; 3],
    shift: [f32; 3],
}

impl Normalise {
    /// Takes mean and standard deviation of red, green and blue, for values in 0 to 1.
    pub fn new(mean: [f64; 3], std: [f64; 3]) -> Self {
        let scale = std.map(|std| (1.0 / (255.0 * std)) as f32);
        let shift = [0, 1, 2].map(|channel| (-mean[channel] / std[channel]) as f32);
        Self { scale, shift }
    }

    /// What the values of each channel are multiplied by.
    pub fn scale(&self) -> [f32; 3] {
        self.scale
    }

    /// What is added to the products.
    pub fn shift(&self) -> [f32; 3] {
        self.shift
    }

    /// Normalises the values of one channel.
    #[inline(always)]
    pub(crate) fn channel(&self, channel: usize, levels: &[u8], out: &mut [f32]) {
        let (scale, shift) = (self.scale[channel], self.shift[channel]);
        for (out, level) in out.iter_mut().zip(levels) {
            *out = f32::from(*level) * scale + shift;
        }
    }

    /// Writes the red, green and blue planes, `[3, H, W]`.
    pub fn write(&self, image: &RgbImage, out: &mut [f32]) {
        let width = image.width().max(1) as usize;
        self.pixels(image.as_raw().chunks_exact(3 * width), width, out);
    }

    /// As [`Normalise::write`], from rows of `width` RGB pixels.
    pub(crate) fn pixels<'a>(&self, rows: impl Iterator<Item = &'a [u8]>, width: usize, out: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU supports AVX2, checked above.
            #[allow(unsafe_code)]
            return unsafe { self.pixels_avx2(rows, width, out) };
        }
        self.planes(rows, width, out);
    }

    /// The same loop, compiled for AVX2: three times as fast.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn pixels_avx2<'a>(&self, rows: impl Iterator<Item = &'a [u8]>, width: usize, out: &mut [f32]) {
        self.planes(rows, width, out);
    }

    #[inline(always)]
    fn planes<'a>(&self, rows: impl Iterator<Item = &'a [u8]>, width: usize, out: &mut [f32]) {
        let plane = out.len() / 3;
        let (red, rest) = out.split_at_mut(plane);
        let (green, blue) = rest.split_at_mut(plane);
        let planes =
            red.chunks_exact_mut(width).zip(green.chunks_exact_mut(width)).zip(blue.chunks_exact_mut(width));
        for (row, ((red, green), blue)) in rows.zip(planes) {
            self.row(row, red, green, blue);
        }
    }

    #[inline(always)]
    fn row(&self, pixels: &[u8], red: &mut [f32], green: &mut [f32], blue: &mut [f32]) {
        let (pixels, _) = pixels.as_chunks::<3>();
        let ([a, b, c], [d, e, f]) = (self.scale, self.shift);
        // One loop over four slices, which the compiler vectorises.
        for (((pixel, red), green), blue) in pixels.iter().zip(red).zip(green).zip(blue) {
            *red = f32::from(pixel[0]) * a + d;
            *green = f32::from(pixel[1]) * b + e;
            *blue = f32::from(pixel[2]) * c + f;
        }
    }
}
