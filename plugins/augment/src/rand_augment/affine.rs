//! Affine transforms, as Pillow's `Image.transform` and `Image.rotate` compute them.

use clip_lab_plugin_api::Interpolation;
use image::{Rgb, RgbImage};

/// A transform and its amount.
#[derive(Debug, Clone, Copy)]
pub enum Affine {
    /// Degrees counter-clockwise, about the centre.
    Rotate(f64),
    /// Shifts each row this many pixels further left than the row above.
    ShearX(f64),
    /// Shifts each column this many pixels further up than the column before.
    ShearY(f64),
    /// To the left, as a fraction of the width.
    TranslateX(f64),
    /// Up, as a fraction of the height.
    TranslateY(f64),
}

/// Maps output to input coordinates: x' = a x + b y + c, y' = d x + e y + f.
type Matrix = [f64; 6];

impl Affine {
    /// The transformed image, of the same size.
    pub fn apply(self, image: &RgbImage, fill: [u8; 3], interpolation: Interpolation) -> RgbImage {
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        let [a, b, c, d, e, f] = self.matrix(width, height);
        RgbImage::from_fn(image.width(), image.height(), |x, y| {
            let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
            let (x, y) = (a * x + b * y + c, d * x + e * y + f);
            if !(0.0..width).contains(&x) || !(0.0..height).contains(&y) {
                return Rgb(fill);
            }
            Rgb([0, 1, 2].map(|channel| sample(image, channel, x - 0.5, y - 0.5, interpolation)))
        })
    }

    fn matrix(self, width: f64, height: f64) -> Matrix {
        match self {
            Self::Rotate(degrees) => rotation(degrees, width / 2.0, height / 2.0),
            Self::ShearX(by) => [1.0, by, 0.0, 0.0, 1.0, 0.0],
            Self::ShearY(by) => [1.0, 0.0, 0.0, by, 1.0, 0.0],
            Self::TranslateX(by) => [1.0, 0.0, by * width, 0.0, 1.0, 0.0],
            Self::TranslateY(by) => [1.0, 0.0, 0.0, 0.0, 1.0, by * height],
        }
    }
}

/// A rotation about (x, y). Pillow rounds sine and cosine to 15 digits, so that a rotation by 0 is exact.
fn rotation(degrees: f64, x: f64, y: f64) -> Matrix {
    let angle = -degrees.rem_euclid(360.0).to_radians();
    let [cos, sin] = [angle.cos(), angle.sin()].map(|value| (value * 1e15).round() / 1e15);
    [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y]
}

/// Samples one channel between pixels; (0, 0) is the centre of the first pixel. Pixels at the edge are replicated
/// outwards.
fn sample(image: &RgbImage, channel: usize, x: f64, y: f64, interpolation: Interpolation) -> u8 {
    let (column, row) = (x.floor(), y.floor());
    let at = |dx: i64, dy: i64| {
        let clip = |place: i64, length: u32| place.clamp(0, i64::from(length) - 1) as u32;
        let (x, y) = (clip(column as i64 + dx, image.width()), clip(row as i64 + dy, image.height()));
        f64::from(image.get_pixel(x, y).0[channel])
    };
    let (dx, dy) = (x - column, y - row);
    let value = match interpolation {
        Interpolation::Bilinear => {
            let across = |dy| at(0, dy) + (at(1, dy) - at(0, dy)) * dx;
            across(0) + (across(1) - across(0)) * dy
        }
        Interpolation::Bicubic => {
            let across = |dy| cubic([-1, 0, 1, 2].map(|dx| at(dx, dy)), dx);
            cubic([-1, 0, 1, 2].map(across), dy)
        }
    };
    // The cast truncates and clips to 0..=255, as Pillow does.
    value as u8
}

/// Interpolates between the second and the third of four values; Pillow's cubic for transforms uses a = -1.
fn cubic([a, b, c, d]: [f64; 4], at: f64) -> f64 {
    b + at * (c - a + at * (2.0 * (a - b) + c - d + at * (b - a + d - c)))
}
