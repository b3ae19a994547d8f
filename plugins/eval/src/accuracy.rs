//! Accuracies from the rank of each image's class.

use clip_lab_plugin_api::prelude::*;

use crate::rank::{hit, mean, ranks_and_first};

/// Images compared with all classes at a time.
const ROWS: usize = 256;

/// The metrics of [`Classified::evaluation`].
pub fn accuracies(suite: &str) -> Vec<Metric> {
    ["top1", "top5", "mean_per_class"].map(|name| Metric::share(format!("{suite}/{name}"))).to_vec()
}

/// The indices and classes of the images that have a class. `evaluator` names the caller in the error.
///
/// # Errors
/// If there are none.
pub fn labelled(evaluator: &str, data: &dyn Dataset) -> Result<(Vec<i64>, Vec<i64>)> {
    let labelled = (0..data.len()).filter_map(|index| Some((index as i64, data.class(index)? as i64)));
    let (images, labels): (Vec<_>, Vec<_>) = labelled.unzip();
    ensure!(
        !data.classes().is_empty() && !labels.is_empty(),
        "{evaluator} needs images with classes and this data set has none; remove `{evaluator}` from [[eval]], or \
         evaluate on a data set with classes such as `emoji`"
    );
    Ok((images, labels))
}

/// The rows of `all` (`[N, D]`) with the indices `rows`.
pub fn pick(all: &Tensor, rows: &[i64]) -> Result<Tensor> {
    Ok(all.f_index_select(0, &Tensor::from_slice(rows).f_to_device(all.device())?)?)
}

/// Images with their true and their predicted class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// The class of each image.
    pub labels: Vec<i64>,
    /// The rank (from 0) of the true class among all.
    pub ranks: Vec<u32>,
    /// The class with the highest score; ties go to the lowest index.
    pub answers: Vec<i64>,
    /// Number of classes.
    pub classes: usize,
}

impl Classified {
    /// Classifies images `[N, D]` by class embeddings `[C, D]`; `labels` `[N]` are the true classes.
    pub fn new(images: &Tensor, classes: &Tensor, labels: Vec<i64>) -> Result<Self> {
        let (ranks, answers) = ranks_and_first(images, classes, &Tensor::from_slice(&labels), ROWS)?;
        Ok(Self { labels, ranks, answers, classes: classes.size2()?.0 as usize })
    }

    /// Fraction of images whose class is ranked first.
    pub fn top1(&self) -> f64 {
        hit(&self.ranks, 1)
    }

    /// Top-1 accuracy of each class that has images, averaged over classes.
    pub fn mean_per_class(&self) -> f64 {
        let mut by_class = vec![Vec::new(); self.classes];
        for (&label, &rank) in self.labels.iter().zip(&self.ranks) {
            by_class[label as usize].push(rank);
        }
        by_class.retain(|ranks: &Vec<u32>| !ranks.is_empty());
        mean(by_class.iter().map(|ranks| hit(ranks, 1)))
    }

    /// The confusion matrix, row by row: counts by true class (rows) and predicted class (columns).
    pub fn confusion(&self) -> Vec<u64> {
        let mut counts = vec![0; self.classes * self.classes];
        for (&label, &answer) in self.labels.iter().zip(&self.answers) {
            counts[label as usize * self.classes + answer as usize] += 1;
        }
        counts
    }

    /// `top1`, `top5` (with more than five classes) and `mean_per_class`, prefixed with `suite`, and the ranks.
    ///
    /// # Errors
    /// If there are no images.
    pub fn evaluation(self, suite: &'static str) -> Result<Evaluation> {
        ensure!(!self.labels.is_empty(), "{suite}: there are no images");
        let mut metrics = vec![("top1", self.top1()), ("mean_per_class", self.mean_per_class())];
        if self.classes > 5 {
            metrics.insert(1, ("top5", hit(&self.ranks, 5)));
        }
        let metrics = metrics.into_iter().map(|(name, value)| (format!("{suite}/{name}"), value)).collect();
        let ranks = vec![Ranks { suite, direction: Direction::ImageToClass, ranks: self.ranks }];
        Ok(Evaluation { metrics, ranks })
    }
}
