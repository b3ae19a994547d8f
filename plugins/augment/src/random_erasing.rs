//! Random erasing.

use clip_lab_plugin_api::prelude::*;
use rand::Rng as _;
use rand_distr::{Distribution as _, StandardNormal};

/// How an erased rectangle is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Filling {
    /// Zero: the mean colour that normalisation subtracts.
    Const,
    /// One colour, its channels drawn from a normal distribution.
    Rand,
    /// Noise: every value drawn from a normal distribution.
    #[default]
    Pixel,
}

/// Random erasing, <https://arxiv.org/abs/1708.04896>, as in timm: erases rectangles of an image after normalisation,
/// when values have mean 0 and standard deviation 1.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandomErasing {
    /// Probability of erasing in an image.
    pub probability: f64,
    /// Smallest and largest fraction of the image's area that is erased.
    pub area: [f64; 2],
    /// Smallest and largest aspect ratio, height over width; drawn uniformly on a logarithmic scale.
    pub ratio: [f64; 2],
    /// How to fill a rectangle: `const` (zero), `rand` (one colour) or `pixel` (noise).
    pub mode: Filling,
    /// Maximum number of rectangles per image; from 1 to this many are drawn and share the area.
    pub count: u32,
}

impl Default for RandomErasing {
    fn default() -> Self {
        Self {
            probability: 0.25,
            area: [0.02, 1.0 / 3.0],
            ratio: [0.3, 1.0 / 0.3],
            mode: Filling::Pixel,
            count: 1,
        }
    }
}

impl Settings for RandomErasing {
    fn check(&self, problems: &mut Problems) {
        let within = (0.0..=1.0).contains(&self.probability);
        problems.require(within, "probability", "must be from 0 to 1");
        let [least, most] = self.area;
        let holds = 0.0 < least && least <= most && most <= 1.0;
        problems.require(holds, "area", "must be [smallest, largest], both above 0 and at most 1");
        let [flat, tall] = self.ratio;
        let holds = 0.0 < flat && flat <= tall && tall.is_finite();
        problems.require(holds, "ratio", "must be [smallest, largest], both above 0");
        problems.require(self.count > 0, "count", "must be at least 1");
    }
}

impl Plugin<dyn Augment> for RandomErasing {
    fn properties(&self) -> AugmentProperties {
        AugmentProperties { random: self.probability > 0.0, ..AugmentProperties::default() }
    }

    fn build(&self, _context: AugmentContext) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for RandomErasing {
    fn after_normalise(&self) -> Option<&dyn AfterNormalise> {
        Some(self)
    }
}

impl AfterNormalise for RandomErasing {
    fn modify(&self, pixels: &mut [f32], side: usize, rng: &mut Rng) {
        if !rng.random_bool(self.probability) {
            return;
        }
        let count = rng.random_range(1..=self.count);
        for _ in 0..count {
            if let Some(rectangle) = self.draw(side, count, rng) {
                self.fill(pixels, side, &rectangle, rng);
            }
        }
    }
}

/// An erased rectangle, in pixels.
struct Rectangle {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
}

impl RandomErasing {
    /// Ten attempts to draw an area and a ratio that fit.
    fn draw(&self, side: usize, count: u32, rng: &mut Rng) -> Option<Rectangle> {
        let [flat, tall] = self.ratio.map(f64::ln);
        (0..10).find_map(|_| {
            let area =
                rng.random_range(self.area[0]..=self.area[1]) * (side * side) as f64 / f64::from(count);
            let ratio = rng.random_range(flat..=tall).exp();
            let height = (area * ratio).sqrt().round_ties_even() as usize;
            let width = (area / ratio).sqrt().round_ties_even() as usize;
            (height < side && width < side).then(|| {
                let top = rng.random_range(0..=side - height);
                Rectangle { top, left: rng.random_range(0..=side - width), height, width }
            })
        })
    }

    fn fill(&self, pixels: &mut [f32], side: usize, rectangle: &Rectangle, rng: &mut Rng) {
        for channel in pixels.chunks_exact_mut(side * side) {
            let colour = if self.mode == Filling::Rand { StandardNormal.sample(rng) } else { 0.0 };
            for row in channel.chunks_exact_mut(side).skip(rectangle.top).take(rectangle.height) {
                for value in &mut row[rectangle.left..rectangle.left + rectangle.width] {
                    *value = if self.mode == Filling::Pixel { StandardNormal.sample(rng) } else { colour };
                }
            }
        }
    }
}
