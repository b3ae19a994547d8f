//! Similarities and retrieved images for a few fixed pairs and queries of a split.

use anyhow::Result;
use clip_lab_plugin_api::Embedded as _;
use clip_lab_torch_ext::without_tf32;
use tch::{Kind, Tensor};

use super::evaluate::EmbeddedData;

/// Pairs of the similarity matrix.
const PAIRS: usize = 32;
/// Queries that rank all images.
const QUERIES: usize = 20;
/// Retrieved images per query.
const TOP: usize = 5;

/// The result of a probe. Images are indices into the whole split; the text of an image is its first caption.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeResult {
    /// The images of the similarity matrix.
    pub pairs: Vec<usize>,
    /// Cosine similarity of each text with each image, row-major.
    pub similarity: Vec<f32>,
    /// The images whose texts are the queries.
    pub queries: Vec<usize>,
    /// The top images of each query and their cosine similarities.
    pub top: Vec<Vec<(usize, f32)>>,
    /// The rank of each query's own image, from 0.
    pub rank: Vec<u32>,
}

impl ProbeResult {
    /// Every image of the result, with repetitions.
    pub fn images(&self) -> Vec<usize> {
        let retrieved = self.top.iter().flatten().map(|(image, _)| image);
        self.pairs.iter().chain(retrieved).copied().collect()
    }
}

/// Probes pairs and queries at even distances over the images with captions: the same for every model and seed. None for
/// a split without captions.
///
/// Reuses the embeddings of the evaluators; costs two small matrix products.
///
/// # Errors
/// If a tower fails.
pub fn probe(embedded: &EmbeddedData<'_>) -> Result<Option<ProbeResult>> {
    let data = embedded.data();
    let captioned: Vec<usize> = (0..data.len()).filter(|&image| !data.captions(image).is_empty()).collect();
    if captioned.is_empty() {
        return Ok(None);
    }
    let (pairs, queries) = (evenly_spaced(&captioned, PAIRS), evenly_spaced(&captioned, QUERIES));
    let images = embedded.images()?.f_to_kind(Kind::Float)?; // [N, D]
    let both: Vec<usize> = pairs.iter().chain(&queries).copied().collect();
    let texts = embedded.first_captions(&both)?.f_to_kind(Kind::Float)?; // [32 + 20, D]
    let rows = texts.f_narrow(0, 0, pairs.len() as i64)?;
    let query_rows = texts.f_narrow(0, pairs.len() as i64, queries.len() as i64)?;
    let columns = images.f_index_select(0, &index_tensor(&pairs).to_device(images.device()))?;
    let similarity = to_vec(&without_tf32(|| rows.f_matmul(&columns.f_tr()?))??)?;
    let scores = to_vec(&without_tf32(|| query_rows.f_matmul(&images.f_tr()?))??)?; // [20, N]
    let ranked =
        scores.chunks(data.len()).zip(&queries).map(|(scores, &own)| (best(scores), rank(scores, own)));
    let (top, rank): (Vec<_>, Vec<_>) = ranked.unzip();
    let dataset_index = |&image: &usize| embedded.dataset_index(image);
    let top = top
        .into_iter()
        .map(|hits| hits.into_iter().map(|(image, score)| (embedded.dataset_index(image), score)).collect());
    Ok(Some(ProbeResult {
        similarity,
        top: top.collect(),
        rank,
        pairs: pairs.iter().map(dataset_index).collect(),
        queries: queries.iter().map(dataset_index).collect(),
    }))
}

/// `count` items, or all, at even distances.
fn evenly_spaced(all: &[usize], count: usize) -> Vec<usize> {
    let count = count.min(all.len());
    (0..count).map(|i| all[i * all.len() / count]).collect()
}

/// The top images. Ties are broken by the lower index, as in the ranks of an evaluation; NaN is last.
fn best(scores: &[f32]) -> Vec<(usize, f32)> {
    let key = |score: f32| if score.is_nan() { f32::NEG_INFINITY } else { score };
    let mut order: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
    let by = |a: &(usize, f32), b: &(usize, f32)| key(b.1).total_cmp(&key(a.1)).then(a.0.cmp(&b.0));
    if order.len() > TOP {
        order.select_nth_unstable_by(TOP, by);
        order.truncate(TOP);
    }
    order.sort_by(by);
    order
}

/// The number of images ranked before `own`.
fn rank(scores: &[f32], own: usize) -> u32 {
    let own_score = scores[own];
    let before = |(at, score): &(usize, &f32)| **score > own_score || (**score == own_score && *at < own);
    scores.iter().enumerate().filter(before).count() as u32
}

fn index_tensor(indices: &[usize]) -> Tensor {
    Tensor::from_slice(&indices.iter().map(|&index| index as i64).collect::<Vec<_>>())
}

fn to_vec(matrix: &Tensor) -> Result<Vec<f32>> {
    Ok(Vec::<f32>::try_from(matrix.f_reshape([-1])?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_evenly_spaced_and_unique() {
        let all: Vec<usize> = (0..100).map(|i| i * 2).collect();
        assert_eq!(evenly_spaced(&all, 4), [0, 50, 100, 150]);
        assert_eq!(evenly_spaced(&all[..3], 32), [0, 2, 4]);
        assert!(evenly_spaced(&[], 5).is_empty());
    }

    #[test]
    fn ties_are_broken_by_index_and_nan_is_last() {
        let scores = [0.1, 0.9, f32::NAN, 0.9, -1.0, 0.2, 0.1];
        assert_eq!(best(&scores), [(1, 0.9), (3, 0.9), (5, 0.2), (0, 0.1), (6, 0.1)]);
        assert_eq!([1, 3, 5, 6, 4].map(|own| rank(&scores, own)), [0, 1, 2, 4, 5]);
        assert_eq!(best(&scores[..2]), [(1, 0.9), (0, 0.1)]);
    }
}
