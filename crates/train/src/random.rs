//! Randomness of the model: dropout, drop path and patch dropout.

use clip_lab_plugin_api::rng;
use rand::Rng as _;

/// A tower of the model. Each has its own random stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tower {
    /// The image tower.
    Image,
    /// The text tower.
    Text,
}

impl Tower {
    /// The prefix of its parameters.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Text => "text",
        }
    }
}

/// Separates these streams from those of the data path, which use the seed unchanged.
const MODEL: u64 = 0x6d6f_6465_6c00_0000; // "model"

/// Seeds libtorch's generators on every device for a tower's pass over a micro-batch. The draws depend only on the four
/// arguments, so a step can be repeated, resumed or split over processes without RNG state.
pub fn seed_model(seed: u64, step: u64, micro_batch: usize, tower: Tower) {
    let stream = 2 * micro_batch as u64 + u64::from(tower == Tower::Text);
    let value: u64 = rng(seed ^ MODEL, step, stream).random();
    tch::manual_seed(value as i64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind, Tensor};

    #[test]
    fn each_seed_step_micro_batch_and_tower_has_its_own_stream() {
        let draw = |seed, step, micro_batch, tower| {
            seed_model(seed, step, micro_batch, tower);
            Vec::<f32>::try_from(Tensor::rand([4], (Kind::Float, Device::Cpu))).unwrap()
        };
        let one = draw(1, 2, 3, Tower::Image);
        let others = [
            draw(0, 2, 3, Tower::Image),
            draw(1, 3, 3, Tower::Image),
            draw(1, 2, 4, Tower::Image),
            draw(1, 2, 3, Tower::Text),
        ];
        assert!(others.iter().all(|other| *other != one));
        assert_eq!(draw(1, 2, 3, Tower::Image), one);
    }
}
