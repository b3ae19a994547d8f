//! What ranks have agreed on for a step, and what they combine in it.

use anyhow::{Context as _, Result};
use clip_lab_plugin_api::{AllReduce, Params, Scored};
use clip_lab_torch_ext::process_group::Op;
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};

use super::{RankLoad, Ranks};
use crate::sharing::Peers;

/// The rows of a step on each rank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Readable rows.
    pub counts: Vec<i64>,
    /// Micro-batches with readable rows.
    pub micro_batches: Vec<i64>,
    /// The step before, on each rank.
    pub loads: Vec<RankLoad>,
}

impl Agreement {
    /// Rows of the global batch.
    pub fn rows(&self) -> i64 {
        self.counts.iter().sum()
    }
}

/// A step of all ranks.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// The ranks.
    pub ranks: &'a Ranks,
    /// Their rows.
    pub agreement: &'a Agreement,
    /// Width of the embeddings.
    pub width: i64,
    /// The device of the step.
    pub device: Device,
}

impl Shared<'_> {
    /// Rows of the global batch.
    pub fn rows(&self) -> i64 {
        self.agreement.rows()
    }

    /// The row of this rank's first pair in the global batch.
    pub fn first(&self) -> i64 {
        self.agreement.counts[..self.ranks.rank()].iter().sum()
    }

    /// The sum of losses and reported values, which each rank has weighted by its share of the rows.
    pub fn sum_scored(&self, scored: &mut Scored) -> Result<()> {
        let mut own = json!({ "": bits(&scored.loss)? });
        for (name, value) in &scored.report {
            own[*name] = bits(value)?;
        }
        let texts = self.ranks.group.all_gather_text(&own.to_string())?;
        let all = texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<Value>, _>>()?;
        let sum = |name: &str| {
            let values = all.iter().filter_map(|values| values.get(name)?.as_u64().map(f64::from_bits));
            Tensor::from(values.sum::<f64>())
        };
        scored.loss = sum("");
        scored.report.iter_mut().for_each(|(name, value)| *value = sum(name));
        Ok(())
    }

    /// Sums the gradients of all ranks. With `complete` those of the loss's own parameters are complete on every rank, and
    /// rank 0's are taken, so that all ranks have the same bits.
    pub fn sum_gradients(&self, params: &Params, complete: bool) -> Result<()> {
        let partial = |name: &str| self.ranks.is_first() || !complete || !name.starts_with("loss.");
        self.ranks.sum_gradients(params, &partial)
    }

    /// Combines running statistics, which were `before` the step.
    pub fn combine_buffers(&self, params: &Params, before: &[Tensor]) -> Result<()> {
        self.ranks.combine_buffers(params.buffers(), before, &self.agreement.micro_batches)
    }
}

impl Peers for Shared<'_> {
    fn own(&self, embeddings: &Tensor) -> Result<Tensor> {
        match embeddings.defined() {
            true => Ok(embeddings.shallow_clone()),
            false => Ok(Tensor::f_zeros([0, self.width], (Kind::Float, self.device))?),
        }
    }

    fn gather(&self, own: &Tensor) -> Result<(Tensor, i64)> {
        Ok((self.ranks.gather_rows(own, &self.agreement.counts)?, self.first()))
    }

    fn sum_rows(&self, gradient: &Tensor) -> Result<Tensor> {
        self.ranks.sum_rows(gradient, &self.agreement.counts)
    }
}

impl AllReduce for Shared<'_> {
    fn sum(&self, own: &Tensor) -> Result<Tensor> {
        self.ranks.all_reduce(&own.f_detach_copy()?, Op::Sum)
    }

    fn max(&self, own: &Tensor) -> Result<Tensor> {
        self.ranks.all_reduce(&own.f_detach_copy()?, Op::Max)
    }
}

/// The bits of a scalar: JSON has no NaN.
fn bits(scalar: &Tensor) -> Result<Value> {
    Ok(scalar.f_double_value(&[]).context("a value is not a scalar")?.to_bits().into())
}
