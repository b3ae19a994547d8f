//! Exact ranks, computed in tiles of scores so that memory does not grow with the square of the data.

mod blocks;
mod both;
mod count;
mod tile;

use clip_lab_plugin_api::prelude::*;
use clip_lab_torch_ext::Products;
use tch::kind::Element;

use self::{
    blocks::blocks,
    count::{ahead, first},
};
pub use both::{Both, both};

/// For each query the rank (from 0) of its right answer among all answers, by dot product.
///
/// The rank is the number of answers with a strictly higher score, plus those with an equal score and a lower index:
/// the order of a stable sort. A model that maps everything to one point therefore scores at chance.
///
/// `queries` `[Q, D]`, `answers` `[A, D]`, `right` `[Q]` int64: the index of each query's answer. At most `rows` times
/// A scores are in memory. For both directions of images and captions, [`both`] is at least twice as fast.
///
/// # Errors
/// If the embeddings are not finite, the shapes do not fit or an index is out of range.
pub fn ranks(queries: &Tensor, answers: &Tensor, right: &Tensor, rows: usize) -> Result<Vec<u32>> {
    Ok(ranks_and_first(queries, answers, right, rows)?.0)
}

/// [`ranks`], and for each query the answer ranked first.
pub fn ranks_and_first(
    queries: &Tensor,
    answers: &Tensor,
    right: &Tensor,
    rows: usize,
) -> Result<(Vec<u32>, Vec<i64>)> {
    let (queries, answers) = (ready(queries)?, ready(answers)?);
    fits(&queries, &answers, right)?;
    let right = Vec::<i64>::try_from(right.f_to_device(Device::Cpu)?)?;
    match queries.kind() {
        DType::Double => one_way::<f64>(&queries, &answers, &right, rows),
        _ => one_way::<f32>(&queries, &answers, &right, rows),
    }
}

fn one_way<T>(queries: &Tensor, answers: &Tensor, right: &[i64], rows: usize) -> Result<(Vec<u32>, Vec<i64>)>
where
    T: Element + PartialOrd + Copy,
{
    let width = answers.size()[0] as usize;
    let blocks = blocks(right.len(), rows);
    let mut products = Products::<T>::new(blocks.first().map_or(0, |block| block.len) * width)?;
    let mut found = (Vec::with_capacity(right.len()), Vec::with_capacity(right.len()));
    for block in blocks {
        let scores = products.of(&queries.f_narrow(0, block.from as i64, block.len as i64)?, answers)?;
        let rows = scores.chunks(width.max(1)).skip(block.inside().start);
        found.extend(rows.zip(&right[block.fresh]).map(|(row, &right)| {
            let right = right as usize;
            (ahead(row, row[right], |other| other < right), first(row) as i64)
        }));
    }
    Ok(found)
}

/// Embeddings in f32 at least. Rejects NaN: comparisons with NaN are all false, so a diverged model would rank
/// everything first.
fn ready(embeddings: &Tensor) -> Result<Tensor> {
    let embeddings = embeddings.detach();
    let double = embeddings.kind() == DType::Double;
    let embeddings = if double { embeddings } else { embeddings.f_to_kind(DType::Float)? };
    // A NaN propagates into min and max; unlike isfinite on every value this makes no copy.
    let finite = |extreme: Tensor| Ok::<_, anyhow::Error>(extreme.f_double_value(&[])?.is_finite());
    ensure!(
        embeddings.numel() == 0 || (finite(embeddings.f_min()?)? && finite(embeddings.f_max()?)?),
        "the embeddings contain NaN or infinity, so nothing can be ranked; the training has diverged"
    );
    Ok(embeddings)
}

/// Checks that queries, answers and the indices of right answers fit together.
fn fits(queries: &Tensor, answers: &Tensor, right: &Tensor) -> Result<()> {
    let (q, a, r) = (queries.size(), answers.size(), right.size());
    let matched = q.len() == 2 && a.len() == 2 && q[1] == a[1] && r == q[..1];
    ensure!(matched, "ranks: queries {q:?}, answers {a:?} and right answers {r:?} do not fit");
    ensure!(
        queries.kind() == answers.kind(),
        "ranks: {:?} and {:?} do not mix",
        queries.kind(),
        answers.kind()
    );
    if q[0] > 0 {
        let (low, high) = (right.f_min()?.f_int64_value(&[])?, right.f_max()?.f_int64_value(&[])?);
        ensure!(low >= 0 && high < a[0], "ranks: right answers {low} to {high} of {} answers", a[0]);
    }
    Ok(())
}

/// `hit@k` for each k, `median_rank`, `mean_rank` and `mrr` (the mean of 1 / rank), with ranks counted from 1 and
/// `prefix/` before each name. Needs at least one rank.
pub fn summary(prefix: &str, ranks: &[u32], k: &[u32]) -> Vec<(String, f64)> {
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let mean = |of: &dyn Fn(f64) -> f64| mean(sorted.iter().map(|&rank| of(f64::from(rank) + 1.0)));
    let middle = |index: usize| sorted.get(index).map_or(f64::NAN, |&rank| f64::from(rank) + 1.0);
    let last = sorted.len().saturating_sub(1);
    let median = (middle(last / 2) + middle(last.div_ceil(2))) / 2.0;
    let hits = k.iter().map(|&k| (format!("{prefix}/hit@{k}"), hit(ranks, k)));
    let places =
        [("median_rank", median), ("mean_rank", mean(&|rank| rank)), ("mrr", mean(&|rank| 1.0 / rank))];
    hits.chain(places.map(|(name, value)| (format!("{prefix}/{name}"), value))).collect()
}

/// The metrics of [`summary`].
pub fn summarised(prefix: &str, k: &[u32]) -> Vec<Metric> {
    let hits = k.iter().map(|k| Metric::share(format!("{prefix}/hit@{k}")));
    let places = ["median_rank", "mean_rank"].map(|name| Metric::rank(format!("{prefix}/{name}")));
    hits.chain(places).chain([Metric::share(format!("{prefix}/mrr"))]).collect()
}

/// Fraction of ranks below `k`.
pub fn hit(ranks: &[u32], k: u32) -> f64 {
    mean(ranks.iter().map(|&rank| f64::from(u8::from(rank < k))))
}

/// The mean; NaN if there are no values.
pub fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}
