//! Which templates classify best together.

use anyhow::{Result, ensure};
use tch::Tensor;

use crate::{
    accuracy::{Classified, pick},
    zero_shot::class_weights,
};

/// Images with a class each.
#[derive(Debug)]
pub struct Pictures {
    /// Their embeddings, unit length, `[N, D]`.
    pub images: Tensor,
    /// Their classes.
    pub labels: Vec<i64>,
}

impl Pictures {
    /// Some of them.
    ///
    /// # Errors
    /// Those of libtorch.
    pub fn some(&self, which: &[usize]) -> Result<Self> {
        let rows: Vec<i64> = which.iter().map(|&picture| picture as i64).collect();
        let labels = which.iter().map(|&picture| self.labels[picture]).collect();
        Ok(Self { images: pick(&self.images, &rows)?, labels })
    }
}

/// Embedded templates, of which any may be taken together.
#[derive(Debug)]
pub struct Ensemble {
    /// For each template the embeddings of its texts, one for each class, `[C, D]`.
    texts: Vec<Tensor>,
}

/// A template taken into the ensemble, and what accuracy it had with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// Its index.
    pub template: usize,
    /// Of the ensemble up to this template.
    pub accuracy: f64,
}

impl Ensemble {
    /// Templates by their texts' embeddings, each `[C, D]`.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(texts: Vec<Tensor>) -> Result<Self> {
        ensure!(!texts.is_empty(), "there are no templates");
        Ok(Self { texts })
    }

    /// How many templates there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// What becomes of the images with the templates `which` averaged, as in [`class_weights`].
    ///
    /// # Errors
    /// When `which` names none, and those of ranking.
    pub fn classify(&self, which: &[usize], pictures: &Pictures) -> Result<Classified> {
        let texts: Vec<Tensor> = which.iter().map(|&template| self.texts[template].shallow_clone()).collect();
        Classified::new(&pictures.images, &class_weights(&texts)?, pictures.labels.clone())
    }

    /// Greedy forward selection: begins with the template of the highest accuracy and adds the one that raises it most,
    /// until none does or there are `most`. Of equal ones the first is taken. `tell` hears of every template taken.
    ///
    /// # Errors
    /// Those of [`Ensemble::classify`].
    pub fn greedy(
        &self,
        pictures: &Pictures,
        most: usize,
        mut tell: impl FnMut(Taken),
    ) -> Result<Vec<Taken>> {
        let mut taken: Vec<Taken> = Vec::new();
        while taken.len() < most {
            let had: Vec<usize> = taken.iter().map(|taken| taken.template).collect();
            let mut best = taken.last().map_or(f64::NEG_INFINITY, |taken| taken.accuracy);
            let mut found = None;
            for template in (0..self.len()).filter(|template| !had.contains(template)) {
                let with = [&had[..], &[template]].concat();
                let accuracy = self.classify(&with, pictures)?.top1();
                if accuracy > best {
                    (best, found) = (accuracy, Some(Taken { template, accuracy }));
                }
            }
            let Some(next) = found else { break };
            tell(next);
            taken.push(next);
        }
        Ok(taken)
    }
}
