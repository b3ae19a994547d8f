//! Exact ranks, in chunks of queries so that memory does not grow with the square of the data.

use clip_lab_api::prelude::*;

/// For each query the rank (from 0) of its right answer among all answers, by their dot product.
///
/// The rank is the number of answers with a strictly higher score, plus those with an equal score and a lower index:
/// what a stable sort gives. So a model that maps everything to one point earns what chance earns.
///
/// `queries` `[Q, D]`, `answers` `[A, D]`, `right` `[Q]` int64: the index of each query's answer. At most `rows` times
/// A scores exist at a time.
///
/// # Errors
/// When the embeddings are not finite, the shapes do not fit or an index is out of range.
pub fn ranks(queries: &Tensor, answers: &Tensor, right: &Tensor, rows: i64) -> Result<Vec<u32>> {
    let _guard = tch::no_grad_guard();
    let (queries, answers) = (ready(queries)?, ready(answers)?.f_tr()?);
    let count = fits(&queries, &answers, right)?;
    let index = Tensor::f_arange(answers.size()[1], (DType::Int64, answers.device()))?; // [A]
    let right = right.f_to_device(queries.device())?;
    let mut all = Vec::with_capacity(count as usize);
    for start in (0..count).step_by(rows.max(1) as usize) {
        let length = rows.max(1).min(count - start);
        let scores = queries.f_narrow(0, start, length)?.f_matmul(&answers)?; // [rows, A]
        let right = right.f_narrow(0, start, length)?.f_unsqueeze(1)?; // [rows, 1]
        let own = scores.f_gather(1, &right, false)?;
        let tied = scores.f_eq_tensor(&own)?.f_logical_and(&index.f_less_tensor(&right)?)?;
        let ahead = scores.f_gt_tensor(&own)?.f_logical_or(&tied)?;
        all.extend(Vec::<i64>::try_from(ahead.f_sum_dim_intlist([1i64].as_slice(), false, DType::Int64)?)?);
    }
    Ok(all.into_iter().map(|rank| rank as u32).collect())
}

/// Embeddings in f32 at least. Comparisons with NaN are all false, so a broken model would rank everything first.
fn ready(embeddings: &Tensor) -> Result<Tensor> {
    let double = embeddings.kind() == DType::Double;
    let embeddings = if double { embeddings.shallow_clone() } else { embeddings.f_to_kind(DType::Float)? };
    let finite = embeddings.f_isfinite()?.f_all()?.f_int64_value(&[])? == 1;
    ensure!(
        finite,
        "the embeddings hold NaN or infinity, so nothing can be ranked; the training has diverged"
    );
    Ok(embeddings.detach())
}

/// The number of queries, once it is sure that everything fits.
fn fits(queries: &Tensor, answers: &Tensor, right: &Tensor) -> Result<i64> {
    let (q, a, r) = (queries.size(), answers.size(), right.size());
    let matched = q.len() == 2 && a.len() == 2 && q[1] == a[0] && r == q[..1];
    ensure!(matched, "ranks: queries {q:?}, answers {a:?} (transposed) and right answers {r:?} do not fit");
    if q[0] > 0 {
        let (low, high) = (right.f_min()?.f_int64_value(&[])?, right.f_max()?.f_int64_value(&[])?);
        ensure!(low >= 0 && high < a[1], "ranks: right answers {low} to {high} of {} answers", a[1]);
    }
    Ok(q[0])
}

/// `hit@k` for each k, `median_rank`, `mean_rank` and `mrr` (the mean of 1 / rank), ranks counted from 1 here, each
/// with `prefix/` before its name. There must be at least one rank.
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

/// Share of ranks that lie among the first `k`.
pub fn hit(ranks: &[u32], k: u32) -> f64 {
    mean(ranks.iter().map(|&rank| f64::from(u8::from(rank < k))))
}

/// The mean; NaN of nothing.
pub fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}
