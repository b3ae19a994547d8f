//! Running statistics of batch norm over several ranks.

use anyhow::Result;
use tch::{Kind, Tensor};

use super::Ranks;

/// The share of the old statistics after a micro-batch, see `clip_lab_nn::BatchNorm`.
const KEPT: f64 = 0.9;

impl Ranks {
    /// Gives all ranks the statistics that one process would have after the micro-batches of all ranks in turn.
    pub(super) fn combine_buffers(
        &self,
        buffers: &[(String, Tensor)],
        before: &[Tensor],
        micro_batches: &[i64],
    ) -> Result<()> {
        for (kind, kept) in [(Kind::Float, KEPT), (Kind::Int64, 1.0)] {
            let pairs = buffers.iter().map(|(_, buffer)| buffer).zip(before);
            let (now, old): (Vec<&Tensor>, Vec<&Tensor>) =
                pairs.filter(|(now, _)| now.kind() == kind).unzip();
            if now.is_empty() {
                continue;
            }
            let all = self.all_gather(&flat(&now)?.f_unsqueeze(0)?)?; // [N, S]
            let sum = in_turn(&all, &flat(&old)?, micro_batches, kept)?;
            let mut start = 0;
            for buffer in now {
                let values = buffer.numel() as i64;
                let row = sum.f_narrow(0, start, values)?.f_view_as(buffer)?;
                tch::no_grad(|| buffer.shallow_clone().f_copy_(&row))?;
                start += values;
            }
        }
        Ok(())
    }
}

/// Statistics `r` after a rank's micro-batches are `kept^m r + c`. From its own, `kept^m old + c`, follows the effect of `c` on
/// the statistics of the ranks before it. What does not change stays bit-identical.
fn in_turn(all: &Tensor, old: &Tensor, micro_batches: &[i64], kept: f64) -> Result<Tensor> {
    let mut running = old.shallow_clone();
    for (rank, &count) in (0..).zip(micro_batches) {
        let difference = running.f_sub(old)?;
        let kept = if kept == 1.0 { difference } else { difference.f_mul_scalar(kept.powi(count as i32))? };
        running = all.f_get(rank)?.f_add(&kept)?;
    }
    Ok(running)
}

fn flat(tensors: &[&Tensor]) -> Result<Tensor> {
    let rows = tensors.iter().map(|tensor| Ok(tensor.f_reshape([-1])?)).collect::<Result<Vec<Tensor>>>()?;
    Ok(Tensor::f_cat(&rows, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_one_process() {
        let old = Tensor::from_slice(&[2.0f32, 5.0]);
        let update = |running: f64, batch: f64| KEPT * running + (1.0 - KEPT) * batch;
        // The first value sees batches 1 and 7 on rank 0, and 4 on rank 1; the second does not change.
        let ranks = [update(update(2.0, 1.0), 7.0), update(2.0, 4.0)];
        let all = Tensor::from_slice(&[ranks[0] as f32, 5.0, ranks[1] as f32, 5.0]).view([2, 2]);
        let got = Vec::<f32>::try_from(in_turn(&all, &old, &[2, 1], KEPT).unwrap()).unwrap();
        assert!((f64::from(got[0]) - update(ranks[0], 4.0)).abs() < 1e-6 && got[1] == 5.0, "{got:?}");
    }

    #[test]
    fn counts_are_added() {
        let all = Tensor::from_slice(&[12i64, 11, 10]).view([3, 1]);
        let sum = in_turn(&all, &Tensor::from_slice(&[10i64]), &[2, 1, 0], 1.0).unwrap();
        assert_eq!(sum.int64_value(&[0]), 13);
    }
}
