//! The four colour changes. Sources: Pillow's `ImageEnhance` and, for hue, torchvision on tensors.

use image::{Rgb, RgbImage};

/// A colour change and its amount. The first three blend the image with another one, as Pillow's `ImageEnhance` does.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Blends with black.
    Brightness(f64),
    /// Blends with the image's mean grey.
    Contrast(f64),
    /// Blends with the grey of each pixel.
    Saturation(f64),
    /// Rotates the hue.
    Hue(f64),
}

impl Change {
    /// Changes the image in place.
    pub fn apply(self, image: &mut RgbImage) {
        match self {
            Self::Brightness(factor) => each(image, |pixel| mix(pixel, 0, factor)),
            Self::Contrast(factor) => {
                let grey = mean_grey(image);
                each(image, |pixel| mix(pixel, grey, factor));
            }
            Self::Saturation(factor) => each(image, |pixel| mix(pixel, grey(pixel), factor)),
            Self::Hue(turn) => each(image, |pixel| turn_hue(pixel, turn)),
        }
    }
}

fn each(image: &mut RgbImage, change: impl Fn([u8; 3]) -> [u8; 3]) {
    for Rgb(pixel) in image.pixels_mut() {
        *pixel = change(*pixel);
    }
}

fn mix(pixel: [u8; 3], other: u8, factor: f64) -> [u8; 3] {
    pixel.map(|value| blend(value, other, factor))
}

/// Interpolates from `other` (factor 0) to `value` (factor 1), and extrapolates above 1: Pillow's `blend`.
pub fn blend(value: u8, other: u8, factor: f64) -> u8 {
    let other = f32::from(other);
    // The cast truncates and clips to 0..=255, as Pillow does.
    (other + factor as f32 * (f32::from(value) - other)) as u8
}

/// ITU-R 601 luma in the fixed-point arithmetic of Pillow.
fn grey([red, green, blue]: [u8; 3]) -> u8 {
    ((u32::from(red) * 19595 + u32::from(green) * 38470 + u32::from(blue) * 7471 + 0x8000) >> 16) as u8
}

fn mean_grey(image: &RgbImage) -> u8 {
    let sum: u64 = image.pixels().map(|pixel| u64::from(grey(pixel.0))).sum();
    let count = u64::from(image.width()) * u64::from(image.height());
    (sum as f64 / count.max(1) as f64 + 0.5) as u8
}

/// RGB to HSV and back in floating point, with the hue rotated by `turn` circles.
fn turn_hue(pixel: [u8; 3], turn: f64) -> [u8; 3] {
    let [red, green, blue] = pixel.map(|value| f32::from(value) / 255.0);
    let most = red.max(green).max(blue);
    let range = most - red.min(green).min(blue);
    if range == 0.0 {
        return pixel;
    }
    let sixth = if most == red {
        (green - blue) / range
    } else if most == green {
        2.0 + (blue - red) / range
    } else {
        4.0 + (red - green) / range
    };
    let sixth = (sixth + 6.0 * turn as f32).rem_euclid(6.0);
    // Each channel is a trapezium over the circle, shifted by a third: f(n) = V - C * max(0, min(k, 4 - k, 1)).
    let channel = |shift: f32| {
        let k = (shift + sixth).rem_euclid(6.0);
        ((most - range * k.min(4.0 - k).clamp(0.0, 1.0)) * 255.0).round() as u8
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_follow_their_definitions() {
        assert_eq!(mix([200, 100, 3], 0, 0.5), [100, 50, 1]);
        assert_eq!(mix([200, 100, 3], 0, 2.0), [255, 200, 6]);
        assert_eq!(grey([255, 255, 255]), 255);
        assert_eq!(grey([255, 0, 0]), 76);
        assert_eq!(mix([10, 200, 30], grey([10, 200, 30]), 0.0), [grey([10, 200, 30]); 3]);
    }

    #[test]
    fn a_third_of_a_turn_carries_red_to_green_to_blue() {
        assert_eq!(turn_hue([255, 0, 0], 1.0 / 3.0), [0, 255, 0]);
        assert_eq!(turn_hue([0, 255, 0], 1.0 / 3.0), [0, 0, 255]);
        assert_eq!(turn_hue([255, 0, 0], -1.0 / 3.0), [0, 0, 255]);
        assert_eq!(turn_hue([77, 77, 77], 0.3), [77, 77, 77]);
    }

    #[test]
    fn no_turn_changes_no_colour() {
        for seed in 0..4096_u32 {
            let pixel = [seed as u8, (seed / 3) as u8, (seed / 16) as u8];
            assert_eq!(turn_hue(pixel, 0.0), pixel);
        }
    }
}
