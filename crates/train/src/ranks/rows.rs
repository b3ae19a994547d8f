//! Rows of all ranks.

use anyhow::Result;
use tch::Tensor;

use super::{Ranks, on_host};

impl Ranks {
    /// The rows `[b, D]` of all ranks, `[sum of counts, D]`.
    pub(super) fn gather_rows(&self, own: &Tensor, counts: &[i64]) -> Result<Tensor> {
        let (most, (rows, width)) = (counts.iter().copied().max().unwrap_or(0), own.size2()?);
        let padding = Tensor::f_zeros([most - rows, width], (own.kind(), own.device()))?;
        let all = self.all_gather(&Tensor::f_cat(&[own, &padding], 0)?)?; // [N * most, D]
        match existing(counts, most) {
            Some(rows) => Ok(all.f_index_select(0, &Tensor::from_slice(&rows).f_to_device(all.device())?)?),
            None => Ok(all),
        }
    }

    /// This rank's rows `[b, D]` of the sum over ranks of `all`, `[sum of counts, D]`: a reduce-scatter. The ranks exchange
    /// rows and each adds its own, in order of ranks, since Gloo's reduce-scatter sends twice as many bytes.
    pub(super) fn sum_rows(&self, all: &Tensor, counts: &[i64]) -> Result<Tensor> {
        let parts = self.group.all_to_all(&on_host(&padded(all, counts)?)?)?; // [N * most, D]
        let (rows, width) = parts.size2()?;
        let size = self.size() as i64;
        let parts = parts.f_view([size, rows / size, width])?.f_narrow(1, 0, counts[self.rank()])?;
        Ok(parts.f_sum_dim_intlist(0, false, None)?.f_to_device(all.device())?)
    }
}

/// Rows `[sum of counts, D]` as if each rank had the most, `[N * most, D]`.
fn padded(all: &Tensor, counts: &[i64]) -> Result<Tensor> {
    let (most, width) = (counts.iter().copied().max().unwrap_or(0), all.size2()?.1);
    let Some(rows) = existing(counts, most) else { return Ok(all.shallow_clone()) };
    let empty = Tensor::f_zeros([most * counts.len() as i64, width], (all.kind(), all.device()))?;
    Ok(empty.f_index_copy(0, &Tensor::from_slice(&rows).f_to_device(all.device())?, all)?)
}

/// The rows that exist if each rank has `most`; none if all do.
fn existing(counts: &[i64], most: i64) -> Option<Vec<i64>> {
    let rows = (0..).zip(counts).flat_map(|(rank, &count)| (0..count).map(move |row| rank * most + row));
    counts.iter().any(|&count| count < most).then(|| rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_do_not_exist_are_left_out() {
        assert_eq!(existing(&[2, 2], 2), None);
        assert_eq!(existing(&[1, 3, 0], 3), Some(vec![0, 3, 4, 5]));
    }

    #[test]
    fn rows_are_padded_to_the_most_of_a_rank() {
        let rows = |all: &[f32], counts: &[i64]| {
            let padded = padded(&Tensor::from_slice(all).view([-1, 1]), counts).unwrap();
            Vec::<f32>::try_from(padded.view([-1])).unwrap()
        };
        assert_eq!(rows(&[1.0, 2.0, 3.0, 4.0], &[2, 2]), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(rows(&[1.0, 2.0, 3.0], &[1, 0, 2]), [1.0, 0.0, 0.0, 0.0, 2.0, 3.0]);
    }
}
