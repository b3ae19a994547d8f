//! What the model makes of a few fixed pairs and queries of a split.

use anyhow::Result;
use clip_lab_plugin_api::Embedded as _;
use tch::{Kind, Tensor};

use super::evaluate::View;

/// Pairs of the similarity matrix.
const PAIRS: usize = 32;
/// Texts that all images are ranked for.
const QUERIES: usize = 20;
/// Images shown for each of them.
const TOP: usize = 5;

/// What was seen. Images are numbers of the whole split, and the text of each is its first caption.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The images of the similarity matrix.
    pub pairs: Vec<usize>,
    /// Cosines of each text with each image, row by row.
    pub similarity: Vec<f32>,
    /// The images whose texts were asked for.
    pub queries: Vec<usize>,
    /// For each query the best images and their cosines.
    pub top: Vec<Vec<(usize, f32)>>,
    /// For each query the rank of its own image, from 0.
    pub rank: Vec<u32>,
}

impl Seen {
    /// Every image that is to be shown, some more than once.
    pub fn images(&self) -> Vec<usize> {
        let found = self.top.iter().flatten().map(|(image, _)| image);
        self.pairs.iter().chain(found).copied().collect()
    }
}

/// Looks at pairs and queries that lie evenly spread over the images with captions: the same for every model and
/// seed. None for a split without captions.
///
/// What the evaluators have embedded is used again; beside it this costs two small products.
///
/// # Errors
/// Those of the towers.
pub fn look(view: &View<'_>) -> Result<Option<Seen>> {
    let data = view.data();
    let captioned: Vec<usize> = (0..data.len()).filter(|&image| !data.captions(image).is_empty()).collect();
    if captioned.is_empty() {
        return Ok(None);
    }
    let (pairs, queries) = (spread(&captioned, PAIRS), spread(&captioned, QUERIES));
    let images = view.images()?.f_to_kind(Kind::Float)?; // [N, D]
    let both: Vec<usize> = pairs.iter().chain(&queries).copied().collect();
    let texts = view.first_captions(&both)?.f_to_kind(Kind::Float)?; // [32 + 20, D]
    let rows = texts.f_narrow(0, 0, pairs.len() as i64)?;
    let asked = texts.f_narrow(0, pairs.len() as i64, queries.len() as i64)?;
    let columns = images.f_index_select(0, &numbers(&pairs).to_device(images.device()))?;
    let similarity = numbers_of(&rows.f_matmul(&columns.f_tr()?)?)?;
    let scores = numbers_of(&asked.f_matmul(&images.f_tr()?)?)?; // [20, N]
    let found =
        scores.chunks(data.len()).zip(&queries).map(|(scores, &own)| (best(scores), rank(scores, own)));
    let (top, rank): (Vec<_>, Vec<_>) = found.unzip();
    let place = |&image: &usize| view.place(image);
    let top = top.into_iter().map(|hits| hits.into_iter().map(|(p, score)| (view.place(p), score)).collect());
    Ok(Some(Seen {
        similarity,
        top: top.collect(),
        rank,
        pairs: pairs.iter().map(place).collect(),
        queries: queries.iter().map(place).collect(),
    }))
}

/// `count` of them, or all, at even distances.
fn spread(all: &[usize], count: usize) -> Vec<usize> {
    let count = count.min(all.len());
    (0..count).map(|place| all[place * all.len() / count]).collect()
}

/// The best answers. Of equal ones the lower number stands first, as in the ranks of an evaluation; NaN stands last.
fn best(scores: &[f32]) -> Vec<(usize, f32)> {
    let worth = |score: f32| if score.is_nan() { f32::NEG_INFINITY } else { score };
    let mut order: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
    let by = |a: &(usize, f32), b: &(usize, f32)| worth(b.1).total_cmp(&worth(a.1)).then(a.0.cmp(&b.0));
    if order.len() > TOP {
        order.select_nth_unstable_by(TOP, by);
        order.truncate(TOP);
    }
    order.sort_by(by);
    order
}

/// How many stand before the answer `own`.
fn rank(scores: &[f32], own: usize) -> u32 {
    let mine = scores[own];
    let before = |(at, score): &(usize, &f32)| **score > mine || (**score == mine && *at < own);
    scores.iter().enumerate().filter(before).count() as u32
}

fn numbers(indices: &[usize]) -> Tensor {
    Tensor::from_slice(&indices.iter().map(|&index| index as i64).collect::<Vec<_>>())
}

fn numbers_of(matrix: &Tensor) -> Result<Vec<f32>> {
    Ok(Vec::<f32>::try_from(matrix.f_reshape([-1])?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_lies_evenly_and_never_twice() {
        let all: Vec<usize> = (0..100).map(|i| i * 2).collect();
        assert_eq!(spread(&all, 4), [0, 50, 100, 150]);
        assert_eq!(spread(&all[..3], 32), [0, 2, 4]);
        assert!(spread(&[], 5).is_empty());
    }

    #[test]
    fn the_first_of_equals_is_the_lower_one_and_nan_is_last() {
        let scores = [0.1, 0.9, f32::NAN, 0.9, -1.0, 0.2, 0.1];
        assert_eq!(best(&scores), [(1, 0.9), (3, 0.9), (5, 0.2), (0, 0.1), (6, 0.1)]);
        assert_eq!([1, 3, 5, 6, 4].map(|own| rank(&scores, own)), [0, 1, 2, 4, 5]);
        assert_eq!(best(&scores[..2]), [(1, 0.9), (0, 0.1)]);
    }
}
