//! Random changes of colour, as torchvision's `ColorJitter` defines them.

use clip_lab_api::prelude::*;
use image::{Rgb, RgbImage};
use rand::{Rng as _, seq::SliceRandom as _};

/// Changes brightness, contrast, saturation and hue by random amounts, in random order. The defaults are those that
/// open_clip's recipes use. Leave it out where captions name colours.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ColorJitter {
    /// The factor is drawn from 1 - brightness to 1 + brightness.
    pub brightness: f64,
    /// The factor is drawn from 1 - contrast to 1 + contrast.
    pub contrast: f64,
    /// The factor is drawn from 1 - saturation to 1 + saturation.
    pub saturation: f64,
    /// The turn of the colour circle is drawn from -hue to hue; 0.5 is half a turn and the most.
    pub hue: f64,
    /// How often a picture is changed at all, from 0 to 1.
    pub probability: f64,
}

impl Default for ColorJitter {
    fn default() -> Self {
        Self { brightness: 0.32, contrast: 0.32, saturation: 0.32, hue: 0.08, probability: 0.8 }
    }
}

impl Settings for ColorJitter {
    fn check(&self, faults: &mut Faults) {
        let strengths =
            [("brightness", self.brightness), ("contrast", self.contrast), ("saturation", self.saturation)];
        for (key, value) in strengths {
            let holds = value >= 0.0 && value.is_finite();
            faults.require(holds, key, "a strength is 0 (no change) or more");
        }
        faults.require((0.0..=0.5).contains(&self.hue), "hue", "hue lies between 0 and 0.5, half a turn");
        let within = (0.0..=1.0).contains(&self.probability);
        faults.require(within, "probability", "a probability lies between 0 and 1");
    }
}

impl Plugin<dyn Augment> for ColorJitter {
    fn facts(&self) -> AugmentFacts {
        let strength = self.brightness + self.contrast + self.saturation + self.hue;
        AugmentFacts { random: self.probability > 0.0 && strength > 0.0 }
    }

    fn build(&self, _scope: AugmentScope) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for ColorJitter {
    fn apply(&self, mut picture: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        if !rng.random_bool(self.probability) {
            return Ok(picture);
        }
        let mut factor = |strength: f64| rng.random_range((1.0 - strength).max(0.0)..=1.0 + strength);
        let (light, contrast, saturation) =
            (factor(self.brightness), factor(self.contrast), factor(self.saturation));
        let turn = rng.random_range(-self.hue..=self.hue);
        let mut changes: [(bool, Change); 4] = [
            (self.brightness > 0.0, Change::Brightness(light)),
            (self.contrast > 0.0, Change::Contrast(contrast)),
            (self.saturation > 0.0, Change::Saturation(saturation)),
            (self.hue > 0.0, Change::Hue(turn)),
        ];
        changes.shuffle(rng);
        for (_, change) in changes.into_iter().filter(|(wanted, _)| *wanted) {
            change.apply(&mut picture);
        }
        Ok(picture)
    }
}

/// One change with its amount. The first three mix the picture with another one, as Pillow's `ImageEnhance` does.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// Mixes with black.
    Brightness(f64),
    /// Mixes with the picture's mean grey.
    Contrast(f64),
    /// Mixes with the grey of each pixel.
    Saturation(f64),
    /// Turns the colour circle.
    Hue(f64),
}

impl Change {
    fn apply(self, picture: &mut RgbImage) {
        match self {
            Self::Brightness(factor) => each(picture, |pixel| mix(pixel, 0, factor)),
            Self::Contrast(factor) => {
                let grey = mean_grey(picture);
                each(picture, |pixel| mix(pixel, grey, factor));
            }
            Self::Saturation(factor) => each(picture, |pixel| mix(pixel, grey(pixel), factor)),
            Self::Hue(turn) => each(picture, |pixel| turn_hue(pixel, turn)),
        }
    }
}

fn each(picture: &mut RgbImage, change: impl Fn([u8; 3]) -> [u8; 3]) {
    for Rgb(pixel) in picture.pixels_mut() {
        *pixel = change(*pixel);
    }
}

fn mix(pixel: [u8; 3], other: u8, factor: f64) -> [u8; 3] {
    let (other, factor) = (f32::from(other), factor as f32);
    // The cast cuts off fractions and clips to 0..=255, as Pillow does.
    pixel.map(|value| (other + factor * (f32::from(value) - other)) as u8)
}

/// ITU-R 601 luma in the fixed-point arithmetic of Pillow.
fn grey([red, green, blue]: [u8; 3]) -> u8 {
    ((u32::from(red) * 19595 + u32::from(green) * 38470 + u32::from(blue) * 7471 + 0x8000) >> 16) as u8
}

fn mean_grey(picture: &RgbImage) -> u8 {
    let sum: u64 = picture.pixels().map(|pixel| u64::from(grey(pixel.0))).sum();
    let count = u64::from(picture.width()) * u64::from(picture.height());
    (sum as f64 / count.max(1) as f64 + 0.5) as u8
}

/// RGB to HSV and back in floating point, with the hue moved by `turn` circles.
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
