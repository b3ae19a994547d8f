//! The expected initial value and the minimum of a loss, computed with the loss itself.

use anyhow::Result;
use clip_lab_plugin_api::{ClassLoss, Classes, Loss, Pair, PairLoss};
use tch::{Device, Kind, Tensor};

use crate::{plan::Plan, train::Components};

/// Larger batches are not scored here: their similarity matrix alone takes too much memory.
const MAX_BATCH: usize = 8192;

/// Two values of a loss that are known before training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReferenceLosses {
    /// The loss of an untrained model: all similarities are zero, or all classes equally likely. ln(B) for InfoNCE,
    /// ln(C) for cross-entropy.
    pub initial: f64,
    /// The loss of a model that fits the batch perfectly, at the initial logit scale.
    pub minimum: f64,
}

/// The reference values of a plan's loss for one batch. `groups` gives every row a group number, the same for
/// duplicates; without it all rows are unique. None if the batch is too large.
///
/// # Errors
/// If the loss fails.
pub fn reference_losses(
    plan: &Plan,
    components: &Components,
    classes: i64,
    groups: Option<&Tensor>,
) -> Result<Option<ReferenceLosses>> {
    if plan.run.batch > MAX_BATCH {
        return Ok(None);
    }
    let rows = groups.map_or(plan.run.batch as i64, |groups| groups.size()[0]);
    let device = components.vars.device();
    tch::no_grad(|| match &*components.loss {
        Loss::Pairs(loss) => of_pairs(&**loss, device, rows, groups).map(Some),
        Loss::Classes(loss) => of_classes(&**loss, device, rows, classes).map(Some),
    })
}

fn of_pairs(
    loss: &dyn PairLoss,
    device: Device,
    rows: i64,
    groups: Option<&Tensor>,
) -> Result<ReferenceLosses> {
    let score = |image: &Tensor, text: &Tensor| -> Result<f64> {
        Ok(loss.score(&Pair { image, text, group: groups })?.loss.f_double_value(&[])?)
    };
    // Orthogonal embeddings: every image is equally far from every caption.
    let axis =
        |at: i64| Tensor::f_eye(2, (Kind::Float, device))?.f_narrow(0, at, 1)?.f_expand([rows, 2], false);
    let numbers = match groups {
        Some(groups) => compact(groups)?,
        None => Tensor::f_arange(rows, (Kind::Int64, device))?,
    };
    // One axis for each unique row.
    let perfect = numbers.f_one_hot(rows)?.f_to_kind(Kind::Float)?; // [B, B]
    Ok(ReferenceLosses { initial: score(&axis(0)?, &axis(1)?)?, minimum: score(&perfect, &perfect)? })
}

/// Renumbers groups consecutively from 0.
fn compact(groups: &Tensor) -> Result<Tensor> {
    let (_, numbers, _) = groups.f_internal_unique2(true, true, false)?;
    Ok(numbers)
}

fn of_classes(loss: &dyn ClassLoss, device: Device, rows: i64, classes: i64) -> Result<ReferenceLosses> {
    let labels = Tensor::f_arange(rows, (Kind::Int64, device))?.f_remainder(classes)?;
    let targets = labels.f_one_hot(classes)?.f_to_kind(Kind::Float)?; // [B, C]
    let score = |logit: f64| -> Result<f64> {
        let logits = targets.f_mul_scalar(logit)?;
        Ok(loss.score(&Classes { logits: &logits, targets: &targets })?.loss.f_double_value(&[])?)
    };
    // With label smoothing the minimum is at a finite logit, so several are tried.
    let losses = [1.0, 2.0, 4.0, 8.0, 16.0].map(score);
    let minimum = losses.into_iter().collect::<Result<Vec<_>>>()?.into_iter().fold(f64::INFINITY, f64::min);
    Ok(ReferenceLosses { initial: score(0.0)?, minimum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_renumbered_from_zero() {
        let numbers = compact(&Tensor::from_slice(&[70i64, -3, 70, 12])).unwrap();
        let numbers = Vec::<i64>::try_from(&numbers).unwrap();
        assert_eq!(numbers[0], numbers[2]);
        assert!(numbers.iter().all(|&number| (0..3).contains(&number)) && numbers[1] != numbers[3]);
    }
}
