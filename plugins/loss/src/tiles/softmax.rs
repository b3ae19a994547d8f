//! Cross-entropies over the rows and the columns of the matrix: InfoNCE and its variants.

use clip_lab_plugin_api::prelude::*;

use super::{Cells, Span, Tile};

/// The target distribution P of each row and column; rows and columns sum to one.
pub struct Targets {
    /// `[B]` int64: rows with equal numbers are positives of each other; none if only the diagonal matches.
    group: Option<Tensor>,
    /// `[B]` int64: the size of each row's group; none without groups.
    size: Option<Tensor>,
    /// The fraction of P that is spread evenly over the batch.
    smoothing: f64,
    batch: i64,
}

impl Targets {
    /// The targets of a batch of `batch` pairs: (1 - smoothing) spread evenly over a row's group, the rest over the
    /// batch. Fails if `group` is not `[B]`.
    pub fn new(batch: i64, group: Option<&Tensor>, smoothing: f64) -> Result<Self> {
        let sizes = |group: &Tensor| -> Result<Tensor> {
            ensure!(
                group.size() == [batch],
                "a batch of {batch} pairs needs {batch} group ids, got {:?}",
                group.size()
            );
            group_sizes(group)
        };
        let size = group.map(sizes).transpose()?;
        Ok(Self { group: group.map(Tensor::shallow_clone), size, smoothing, batch })
    }

    /// The mean number of positives per row, a scalar.
    pub fn positives(&self, device: Device) -> Result<Tensor> {
        match &self.size {
            Some(size) => Ok(size.f_to_kind(DType::Float)?.f_mean(None)?),
            None => Ok(Tensor::f_ones([0i64; 0], (DType::Float, device))?),
        }
    }

    /// P of a tile, `[h, w]`, with the type of `like`; none if it is zero everywhere.
    pub fn tile(&self, at: &Tile, like: &Tensor) -> Result<Option<Tensor>> {
        let right = match (&self.group, &self.size) {
            (Some(group), Some(size)) => {
                let equal = at.equal(group)?.f_to_kind(like.kind())?;
                Some(equal.f_div(&at.rows.of(size)?.f_unsqueeze(1)?)?)
            }
            _ => at.diagonal(like.device())?.map(|on| on.f_to_kind(like.kind())).transpose()?,
        };
        if self.smoothing == 0.0 {
            return Ok(right);
        }
        let even = self.smoothing / self.batch as f64;
        Ok(Some(match right {
            Some(right) => right.f_mul_scalar(1.0 - self.smoothing)?.f_add_scalar(even)?,
            None => Tensor::f_full(like.size(), even, (like.kind(), like.device()))?,
        }))
    }
}

/// The size of each row's group, `[B]` int64, from ids `[B]`: the number of equal ids, between the bounds of the id in the
/// sorted ids. Unlike `unique`, whose result has a size that depends on the values, this does not wait for a GPU.
fn group_sizes(group: &Tensor) -> Result<Tensor> {
    let (sorted, _) = group.f_sort(0, false)?;
    let bound = |right, side| group.f_searchsorted(&sorted, false, right, side, None::<Tensor>);
    Ok(bound(true, "right")?.f_sub(&bound(false, "left")?)?)
}

/// The mean over pairs of the cross-entropies of P with the softmax of a row and of a column, averaged.
pub struct Softmax {
    targets: Targets,
    /// `[B]`: logsumexp of each row.
    rows: Tensor,
    /// `[B]`: logsumexp of each column.
    cols: Tensor,
    /// `[B]`: sum of P z over each row.
    matched: Tensor,
}

impl Softmax {
    /// Sums are of kind and on device `sums`.
    pub fn new(targets: Targets, sums: (DType, Device)) -> Result<Self> {
        let all = |value: f64| Tensor::f_full([targets.batch], value, sums);
        let (rows, cols, matched) = (all(f64::NEG_INFINITY)?, all(f64::NEG_INFINITY)?, all(0.0)?);
        Ok(Self { targets, rows, cols, matched })
    }
}

impl Cells for Softmax {
    const LOCAL: bool = false;

    fn accumulate(&mut self, at: &Tile, logits: &Tensor) -> Result<()> {
        for (span, dim, sums) in [(at.rows, 1, &self.rows), (at.cols, 0, &self.cols)] {
            let mut sum = span.of(sums)?;
            let both = sum.f_logaddexp(&log_sum_exp(logits, dim, sums.kind())?)?;
            sum.f_copy_(&both)?;
        }
        if let Some(right) = self.targets.tile(at, logits)? {
            let matched = right.f_mul(logits)?.f_sum_dim_intlist(1, false, self.matched.kind())?;
            let _ = at.rows.of(&self.matched)?.f_add_(&matched)?;
        }
        Ok(())
    }

    /// Columns have terms like rows, which the stripes merge as their largest logit and the sum of exponentials below it.
    fn merge(&mut self, all: &dyn AllReduce) -> Result<()> {
        let largest = all.max(&self.cols)?;
        let sum = all.sum(&self.cols.f_sub(&largest)?.f_exp()?)?;
        self.cols = sum.f_log()?.f_add(&largest)?;
        Ok(())
    }

    /// The terms of the pairs of these rows, with their columns.
    fn value(&self, rows: &Span) -> Result<Tensor> {
        // P is symmetric, so `matched` serves both directions.
        let sums = self.rows.f_add(&self.cols)?.f_mul_scalar(0.5)?;
        let terms = rows.of(&sums.f_sub(&self.matched)?)?;
        Ok(terms.f_sum(None)?.f_div_scalar(self.targets.batch as f64)?)
    }

    fn slope(&self, at: &Tile, logits: &Tensor) -> Result<Tensor> {
        let part =
            |span: Span, sums: &Tensor| Ok::<_, anyhow::Error>(span.of(sums)?.f_to_kind(logits.kind())?);
        let by_row = logits.f_sub(&part(at.rows, &self.rows)?.f_unsqueeze(1)?)?.f_exp_()?;
        let by_col = logits.f_sub(&part(at.cols, &self.cols)?.f_unsqueeze(0)?)?.f_exp_()?;
        let mut slope = (by_row.shallow_clone()).f_add_(&by_col)?.f_mul_scalar_(0.5)?;
        match self.targets.tile(at, logits)? {
            Some(right) => Ok(slope.f_sub_(&right)?),
            None => Ok(slope),
        }
    }
}

/// `logsumexp` of logits `[h, w]` over `dim`, in `kind`. Differences of logits have smaller rounding errors than logits, so a
/// wider kind is exact to more digits although the exponentials are not.
fn log_sum_exp(logits: &Tensor, dim: i64, kind: DType) -> Result<Tensor> {
    if logits.kind() == kind {
        return Ok(logits.f_logsumexp([dim], false)?);
    }
    let largest = logits.f_amax([dim], true)?;
    let sum = logits.f_sub(&largest)?.f_exp_()?.f_sum_dim_intlist(dim, false, kind)?;
    Ok(sum.f_log()?.f_add(&largest.f_squeeze_dim(dim)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_sizes_count_equal_ids() {
        let sizes =
            |ids: &[i64]| Vec::<i64>::try_from(group_sizes(&Tensor::from_slice(ids)).unwrap()).unwrap();
        assert_eq!(sizes(&[7, -3, 7, i64::MAX, 7, -3]), [3, 2, 3, 1, 3, 2]);
        assert_eq!(sizes(&[4]), [1]);
        assert!(sizes(&[]).is_empty());
        let ids: Vec<i64> = (0..500).map(|row| row * row % 97).collect();
        let equal = |id: &i64| ids.iter().filter(|other| *other == id).count() as i64;
        assert_eq!(sizes(&ids), ids.iter().map(equal).collect::<Vec<_>>());
    }
}
