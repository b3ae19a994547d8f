//! Selection of the templates that classify best together.

use anyhow::{Result, ensure};
use clip_lab_plugin_api::templates::class_weights;
use tch::Tensor;

use crate::accuracy::{Classified, pick};

/// Embedded images with their classes.
#[derive(Debug)]
pub struct Images {
    /// L2-normalised embeddings, `[N, D]`.
    pub images: Tensor,
    /// Their classes.
    pub labels: Vec<i64>,
}

impl Images {
    /// The subset with the indices `which`.
    pub fn some(&self, which: &[usize]) -> Result<Self> {
        let rows: Vec<i64> = which.iter().map(|&image| image as i64).collect();
        let labels = which.iter().map(|&image| self.labels[image]).collect();
        Ok(Self { images: pick(&self.images, &rows)?, labels })
    }
}

/// Embedded templates, any subset of which can be averaged.
#[derive(Debug)]
pub struct Ensemble {
    /// For each template the embeddings of its texts, one for each class, `[C, D]`.
    texts: Vec<Tensor>,
}

/// A selected template, and the accuracy of the ensemble with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// The index of the template.
    pub template: usize,
    /// The accuracy of the ensemble up to and including this template.
    pub accuracy: f64,
}

impl Ensemble {
    /// The templates, each as the embeddings `[C, D]` of its texts.
    ///
    /// # Errors
    /// If there is none.
    pub fn new(texts: Vec<Tensor>) -> Result<Self> {
        ensure!(!texts.is_empty(), "there are no templates");
        Ok(Self { texts })
    }

    /// Number of templates.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Always false: an ensemble has at least one template.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The predictions with the templates `which` averaged, as in [`class_weights`].
    ///
    /// # Errors
    /// If `which` is empty, and as [`crate::ranks`].
    pub fn classify(&self, which: &[usize], images: &Images) -> Result<Classified> {
        let texts: Vec<Tensor> = which.iter().map(|&template| self.texts[template].shallow_clone()).collect();
        Classified::new(&images.images, &class_weights(&texts)?, images.labels.clone())
    }

    /// Greedy forward selection: starts with the template of the highest accuracy and adds the one that raises it most,
    /// until none does or `most` are selected. Ties go to the lowest index. `selected` is called with every selected
    /// template.
    pub fn greedy(
        &self,
        images: &Images,
        most: usize,
        mut selected: impl FnMut(Taken),
    ) -> Result<Vec<Taken>> {
        let mut taken: Vec<Taken> = Vec::new();
        while taken.len() < most {
            let chosen: Vec<usize> = taken.iter().map(|taken| taken.template).collect();
            let mut best = taken.last().map_or(f64::NEG_INFINITY, |taken| taken.accuracy);
            let mut found = None;
            for template in (0..self.len()).filter(|template| !chosen.contains(template)) {
                let with = [&chosen[..], &[template]].concat();
                let accuracy = self.classify(&with, images)?.top1();
                if accuracy > best {
                    (best, found) = (accuracy, Some(Taken { template, accuracy }));
                }
            }
            let Some(next) = found else { break };
            selected(next);
            taken.push(next);
        }
        Ok(taken)
    }
}
