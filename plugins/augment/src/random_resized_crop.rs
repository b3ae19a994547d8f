//! Random crops, as in torchvision's `RandomResizedCrop`.

use clip_lab_plugin_api::prelude::*;
use rand::Rng as _;

use clip_lab_image_io::{Area, Detail};

/// Which pixels of a JPEG file are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decode {
    /// Those of the crop, at the smallest scale (1/2, 1/4 or 1/8) that is not below the input size: faster.
    #[default]
    Reduced,
    /// All, as in evaluation and in torchvision.
    Full,
}

/// Crops a random area and resizes it to the image encoder's input size. CLIP's recipe keeps at least nine tenths of
/// the image, so that the caption still applies; classifiers go down to 0.08.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandomResizedCrop {
    /// Smallest and largest fraction of the image's area.
    pub scale: [f64; 2],
    /// Smallest and largest aspect ratio, width over height.
    pub ratio: [f64; 2],
    /// `bicubic` or `bilinear`, both antialiased.
    pub interpolation: Interpolation,
    /// Which pixels of a JPEG file are decoded.
    pub decode: Decode,
}

impl Default for RandomResizedCrop {
    fn default() -> Self {
        Self {
            scale: [0.9, 1.0],
            ratio: [3.0 / 4.0, 4.0 / 3.0],
            interpolation: Interpolation::default(),
            decode: Decode::default(),
        }
    }
}

impl Settings for RandomResizedCrop {
    fn check(&self, problems: &mut Problems) {
        let [least, most] = self.scale;
        let holds = 0.0 < least && least <= most && most <= 1.0;
        problems.require(holds, "scale", "must be [smallest, largest], both above 0 and at most 1");
        let [narrow, wide] = self.ratio;
        let holds = 0.0 < narrow && narrow <= wide && wide.is_finite();
        problems.require(holds, "ratio", "must be [smallest, largest], both above 0");
    }
}

struct RandomCrop {
    settings: RandomResizedCrop,
    size: u32,
}

impl Plugin<dyn Augment> for RandomResizedCrop {
    fn properties(&self) -> AugmentProperties {
        AugmentProperties { random: true, ..AugmentProperties::default() }
    }

    fn build(&self, context: AugmentContext) -> Result<Box<dyn Augment>> {
        Ok(Box::new(RandomCrop { settings: self.clone(), size: context.image_size }))
    }
}

impl Augment for RandomCrop {
    fn crop(&self, width: u32, height: u32, rng: &mut Rng) -> Option<Crop> {
        let area = self.settings.draw(width, height, rng);
        let mut crop = Crop::area(area, self.size, self.settings.interpolation);
        if self.settings.decode == Decode::Full {
            crop.detail = Detail::Full;
        }
        Some(crop)
    }
}

impl RandomResizedCrop {
    /// Ten attempts to draw an area and a ratio that fit; then the largest centre crop of a permitted ratio.
    fn draw(&self, width: u32, height: u32, rng: &mut Rng) -> Area {
        let whole = f64::from(width) * f64::from(height);
        let [narrow, wide] = self.ratio.map(f64::ln);
        for _ in 0..10 {
            let area = whole * rng.random_range(self.scale[0]..=self.scale[1]);
            let ratio = rng.random_range(narrow..=wide).exp();
            let across = (area * ratio).sqrt().round_ties_even() as u32;
            let down = (area / ratio).sqrt().round_ties_even() as u32;
            if (1..=width).contains(&across) && (1..=height).contains(&down) {
                let top = rng.random_range(0..=height - down);
                let left = rng.random_range(0..=width - across);
                return Area { left, top, width: across, height: down };
            }
        }
        self.centre(width, height)
    }

    fn centre(&self, width: u32, height: u32) -> Area {
        let ratio = f64::from(width) / f64::from(height);
        let (across, down) = if ratio < self.ratio[0] {
            (width, (f64::from(width) / self.ratio[0]).round_ties_even() as u32)
        } else if ratio > self.ratio[1] {
            ((f64::from(height) * self.ratio[1]).round_ties_even() as u32, height)
        } else {
            (width, height)
        };
        let (across, down) = (across.clamp(1, width.max(1)), down.clamp(1, height.max(1)));
        let (left, top) = (width.saturating_sub(across) / 2, height.saturating_sub(down) / 2);
        Area { left, top, width: across, height: down }
    }
}
