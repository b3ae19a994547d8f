//! Rows of all ranks.

use anyhow::Result;
use tch::Tensor;

use super::Ranks;

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
}
