//! An evaluator: the similarity gap between matching and other pairs.

use clip_lab_plugin_api::prelude::*;

/// The mean cosine similarity of captions with their own images, with all images, and the difference. Needs no ranks,
/// and shows whether the two towers share an embedding space.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {}

impl Settings for MyPlugin {}

impl Plugin<dyn Evaluator> for MyPlugin {
    fn build(&self, _context: ()) -> Result<Box<dyn Evaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl Evaluator for MyPlugin {
    fn evaluate(&self, model: &dyn Embedded) -> Result<Evaluation> {
        let images = model.images()?; // [N, D]
        let (captions, owners) = model.captions()?; // [M, D], [M]
        ensure!(captions.size()[0] > 0, "the data set has no captions");
        let own = images.f_index_select(0, &owners)?; // [M, D]
        let right = f64::try_from((&own * &captions).sum(captions.kind()))? / captions.size()[0] as f64;
        let all = f64::try_from(captions.f_matmul(&images.f_tr()?)?.f_mean(None)?)?;
        let metrics = [("right", right), ("all", all), ("gap", right - all)];
        let metrics = metrics.map(|(name, value)| (format!("my_plugin/{name}"), value)).to_vec();
        Ok(Evaluation { metrics, ranks: Vec::new() })
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.eval.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
