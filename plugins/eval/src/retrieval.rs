//! Retrieval in both directions.

use clip_lab_plugin_api::prelude::*;

use crate::rank::{Both, both, hit, mean, summarised, summary};

/// Image-text retrieval over the whole split: captions retrieve their image (`t2i`) and images their captions (`i2t`),
/// among all unique images and all captions.
///
/// `hit@k`: fraction of queries with a right answer among the first k; with several captions per image any of them
/// counts, which papers call R@K. `recall@k` (only with several captions): fraction of an image's captions among the
/// first k. `median_rank`, `mean_rank` and `mrr` use the best right answer, counted from 1. Ties go to the lower index.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retrieval {
    /// Values of k for `hit@k` and `recall@k`.
    pub k: Vec<u32>,
    /// Images per tile, compared with four times as many captions. A tile's scores take 16 bytes times the square of
    /// this; counting is fastest while they fit into the processor's cache.
    pub rows: u32,
}

impl Default for Retrieval {
    fn default() -> Self {
        Self { k: vec![1, 5, 10], rows: 256 }
    }
}

impl Settings for Retrieval {
    fn check(&self, problems: &mut Problems) {
        let k = !self.k.is_empty() && self.k.iter().all(|&k| k > 0);
        problems.require(k, "k", "must be a list of one or more numbers, each at least 1");
        problems.require(self.rows > 0, "rows", "must be at least 1");
    }
}

impl Plugin<dyn Evaluator> for Retrieval {
    fn properties(&self) -> EvalProperties {
        let directions = ["retrieval/t2i", "retrieval/i2t"].iter().flat_map(|way| summarised(way, &self.k));
        let recalls = self.k.iter().map(|k| Metric::share(format!("retrieval/i2t/recall@{k}")));
        EvalProperties { metrics: directions.chain(recalls).collect(), ..EvalProperties::default() }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Evaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl Evaluator for Retrieval {
    fn evaluate(&self, model: &dyn Embedded) -> Result<Evaluation> {
        let (captions, owner) = model.captions()?;
        ensure!(
            !owner.size().contains(&0),
            "retrieval needs captions and this split has none; evaluate it with `zero_shot` instead"
        );
        retrieve(&model.images()?, &captions, &owner, self.rows as usize)?.evaluation(&self.k)
    }
}

/// Ranks of a retrieval in both directions.
#[derive(Debug, Clone)]
pub struct Found {
    /// For each caption the rank (from 0) of its image.
    pub t2i: Vec<u32>,
    /// For each image with captions, in order, the ranks (from 0) of all its captions.
    pub i2t: Vec<Vec<u32>>,
}

/// Retrieves in both directions.
///
/// `images` `[N, D]` and `captions` `[M, D]`, L2-normalised; `owner` `[M]` int64: the image of each caption. An image
/// without captions is a candidate but not a query. `rows` images are compared at a time.
pub fn retrieve(images: &Tensor, captions: &Tensor, owner: &Tensor, rows: usize) -> Result<Found> {
    let Both { image: t2i, caption } = both(images, captions, owner, rows)?;
    let mut i2t = vec![Vec::new(); images.size()[0] as usize];
    for (image, rank) in Vec::<i64>::try_from(owner)?.into_iter().zip(caption) {
        i2t[image as usize].push(rank);
    }
    i2t.retain(|ranks: &Vec<u32>| !ranks.is_empty());
    Ok(Found { t2i, i2t })
}

impl Found {
    /// The metrics, and the ranks to record.
    ///
    /// # Errors
    /// If there are no captions.
    pub fn evaluation(&self, k: &[u32]) -> Result<Evaluation> {
        ensure!(!self.t2i.is_empty(), "retrieval: there are no captions");
        let best: Vec<u32> = self.i2t.iter().filter_map(|ranks| ranks.iter().min().copied()).collect();
        let mut metrics = summary("retrieval/t2i", &self.t2i, k);
        metrics.extend(summary("retrieval/i2t", &best, k));
        if self.i2t.iter().any(|ranks| ranks.len() > 1) {
            let recall = |k| mean(self.i2t.iter().map(|ranks| hit(ranks, k)));
            metrics.extend(k.iter().map(|&k| (format!("retrieval/i2t/recall@{k}"), recall(k))));
        }
        let ranks = [(Direction::TextToImage, self.t2i.clone()), (Direction::ImageToText, best)];
        let ranks = ranks.map(|(direction, ranks)| Ranks { suite: "retrieval", direction, ranks }).to_vec();
        Ok(Evaluation { metrics, ranks })
    }
}
