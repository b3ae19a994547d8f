//! Sharpness, as Pillow's `ImageEnhance.Sharpness`.

use image::{Rgb, RgbImage};

use crate::color_jitter::change::blend;

/// Blends with the smoothed image: `factor` 0 is smoothed, 1 the image itself, more is sharper. Pixels at the edge have
/// too few neighbours and stay unchanged.
pub fn sharpen(image: &RgbImage, factor: f64) -> RgbImage {
    let (width, height) = image.dimensions();
    let mut out = image.clone();
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let smoothed = smooth(image, x, y);
            let Rgb(pixel) = out.get_pixel_mut(x, y);
            for (value, other) in pixel.iter_mut().zip(smoothed) {
                *value = blend(*value, other, factor);
            }
        }
    }
    out
}

/// Five times the pixel plus its eight neighbours, over thirteen, rounded; summed in Pillow's order, from the row below
/// upwards.
fn smooth(image: &RgbImage, x: u32, y: u32) -> [u8; 3] {
    let (side, middle) = (1.0 / 13.0_f32, 5.0 / 13.0_f32);
    [0, 1, 2].map(|channel| {
        let at = |x, y| f32::from(image.get_pixel(x, y).0[channel]);
        let row = |y, centre: f32| at(x - 1, y) * side + at(x, y) * centre + at(x + 1, y) * side;
        (0.5 + row(y + 1, side) + row(y, middle) + row(y - 1, side)) as u8
    })
}
