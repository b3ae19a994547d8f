//! Layer-wise learning rates.

mod rule;

use std::collections::BTreeSet;

use clip_lab_plugin_api::prelude::*;
pub use rule::Rule;
use rule::Tower as Layers;

/// A tower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tower {
    /// The image tower, with its projection or the classifier on top.
    Image,
    /// The text tower, with its projection on top.
    Text,
}

/// Layer-wise learning rate decay: learning rates shrink from the output of a tower to its input by the factor `decay`
/// per group of layers, since deep layers are general and should change little (BEiT
/// <https://arxiv.org/abs/2106.08254>, FT-CLIP <https://arxiv.org/abs/2212.06138>). The top group, with the projection
/// or the classifier, uses the full rate, and so does everything outside the towers, such as the logit scale. The rates
/// are recorded as `train/lr/LAYER`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LayerDecay {
    /// The towers to decay, each on its own: "image", "text".
    pub towers: Vec<Tower>,
    /// Factor from one group to the group below it.
    pub decay: f64,
    /// How layers are grouped.
    pub rule: Rule,
}

impl Default for LayerDecay {
    fn default() -> Self {
        Self { towers: vec![Tower::Image], decay: 0.65, rule: Rule::Beit }
    }
}

impl Settings for LayerDecay {
    fn check(&self, problems: &mut Problems) {
        problems.require(!self.towers.is_empty(), "towers", "must name \"image\", \"text\" or both");
        problems.require(self.decay > 0.0 && self.decay <= 1.0, "decay", "must be above 0 and at most 1");
    }
}

impl Plugin<dyn Trick> for LayerDecay {
    fn build(&self, _context: ()) -> Result<Box<dyn Trick>> {
        Ok(Box::new(self.clone()))
    }
}

impl Trick for LayerDecay {
    fn prepare(&mut self, params: &mut Params) -> Result<()> {
        let towers: Vec<Tower> =
            [Tower::Image, Tower::Text].into_iter().filter(|t| self.towers.contains(t)).collect();
        towers.into_iter().try_for_each(|tower| self.scale(params, tower))
    }
}

impl LayerDecay {
    /// Scales one tower: `decay^(groups - 1 - group)`. Groups without parameters are not counted.
    fn scale(&self, params: &mut Params, tower: Tower) -> Result<()> {
        let (name, above): (_, &[&str]) = match tower {
            Tower::Image => ("image", &["image_projection", "classifier"]),
            Tower::Text => ("text", &["text_projection"]),
        };
        let layers = params.layers(name)?.to_vec();
        let tower = Layers { name, layers: &layers, above };
        let groups: BTreeSet<usize> =
            params.iter().filter_map(|param| tower.group(self.rule, &param.name)).collect();
        for param in params.iter_mut() {
            if let Some(group) = tower.group(self.rule, &param.name) {
                let higher = groups.range(group + 1..).count();
                param.lr_scale *= self.decay.powi(i32::try_from(higher)?);
            }
        }
        Ok(())
    }
}
