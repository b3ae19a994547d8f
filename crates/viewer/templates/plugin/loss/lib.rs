//! A loss: a margin between matching and other pairs.

use clip_lab_plugin_api::prelude::*;

/// A margin loss (VSE++, <https://arxiv.org/abs/1707.05612>, without hard negatives): every wrong caption of an image,
/// and every wrong image of a caption, must be less similar than the matching one by a margin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// The margin, as a difference of cosine similarities.
    pub margin: f64,
}

impl Default for MyPlugin {
    fn default() -> Self {
        Self { margin: 0.2 }
    }
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        problems.require((0.0..=2.0).contains(&self.margin), "margin", "must be from 0 to 2");
    }
}

impl Plugin<Loss> for MyPlugin {
    fn build(&self, _context: LossContext<'_>) -> Result<Box<Loss>> {
        Ok(Loss::pairs(self.clone()))
    }
}

impl PairLoss for MyPlugin {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        let (images, texts) = (pair.image.size(), pair.text.size());
        ensure!(images == texts, "images are {images:?} and texts {texts:?}: shapes must be equal");
        let cosine = pair.image.f_matmul(&pair.text.f_tr()?)?; // [B, B]
        let right = cosine.f_diagonal(0, 0, 1)?; // [B]
        let wrong = Tensor::f_eye(images[0], (cosine.kind(), cosine.device()))?.f_neg()?.f_add_scalar(1.0)?;
        let hinge = |right: Tensor| -> Result<Tensor> {
            let violation = cosine.f_sub(&right)?.f_add_scalar(self.margin)?.f_clamp_min(0.0)?;
            Ok(violation.f_mul(&wrong)?.f_mean(None)?)
        };
        let loss = hinge(right.f_unsqueeze(1)?)? + hinge(right.f_unsqueeze(0)?)?;
        Ok(Scored::new(loss).with("right_cosine", &right.f_mean(None)?))
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.loss.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
