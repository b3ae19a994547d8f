//! Lookup tables of 256 values per channel, as in Pillow's `ImageOps`.

use image::{Rgb, RgbImage};

/// A table and its amount.
#[derive(Debug, Clone, Copy)]
pub enum Curve {
    /// Maps the darkest value of a channel to 0 and its brightest to 255.
    AutoContrast,
    /// Equalises the histogram of each channel.
    Equalize,
    /// 255 minus the value.
    Invert,
    /// Keeps this many of the highest bits, 0 to 8.
    Posterize(u32),
    /// Inverts values from this threshold on.
    Solarize(u32),
    /// Adds this to values below 128.
    SolarizeAdd(u32),
}

impl Curve {
    /// Changes the image in place.
    pub fn apply(self, image: &mut RgbImage) {
        let tables = [0, 1, 2].map(|channel| self.table(image, channel));
        for Rgb(pixel) in image.pixels_mut() {
            for (value, table) in pixel.iter_mut().zip(&tables) {
                *value = table[usize::from(*value)];
            }
        }
    }

    fn table(self, image: &RgbImage, channel: usize) -> [u8; 256] {
        match self {
            Self::AutoContrast => stretched(&histogram(image, channel)),
            Self::Equalize => equalized(&histogram(image, channel)),
            Self::Invert => each(|value| 255 - value),
            Self::Posterize(bits) => each(|value| value & (0xff00 >> bits.min(8))),
            Self::Solarize(from) => each(|value| if value < from { value } else { 255 - value }),
            Self::SolarizeAdd(more) => {
                each(|value| if value < 128 { (value + more).min(255) } else { value })
            }
        }
    }
}

fn each(change: impl Fn(u32) -> u32) -> [u8; 256] {
    std::array::from_fn(|value| change(value as u32) as u8)
}

/// Number of pixels per value.
fn histogram(image: &RgbImage, channel: usize) -> [u64; 256] {
    let mut counts = [0; 256];
    for pixel in image.pixels() {
        counts[usize::from(pixel.0[channel])] += 1;
    }
    counts
}

fn stretched(counts: &[u64; 256]) -> [u8; 256] {
    let lowest = counts.iter().position(|&count| count > 0);
    let highest = counts.iter().rposition(|&count| count > 0);
    let (Some(low), Some(high)) = (lowest, highest) else { return each(|value| value) };
    if low == high {
        return each(|value| value);
    }
    let scale = 255.0 / (high - low) as f64;
    let offset = -(low as f64) * scale;
    // The cast truncates and clips to 0..=255.
    std::array::from_fn(|value| (value as f64 * scale + offset) as u8)
}

fn equalized(counts: &[u64; 256]) -> [u8; 256] {
    let highest = counts.iter().rfind(|&&count| count > 0).unwrap_or(&0);
    let step = (counts.iter().sum::<u64>() - highest) / 255;
    // A single value, or too few pixels for a step.
    if step == 0 {
        return each(|value| value);
    }
    let mut below = step / 2;
    std::array::from_fn(|value| {
        let place = below / step;
        below += counts[value];
        place.min(255) as u8
    })
}
