//! Where a loss begins and how far it can fall, asked of the loss itself.

use anyhow::Result;
use clip_lab_api::{Classes, Pair};
use tch::{Kind, Tensor};

use crate::{model::Against, plan::Plan, train::Rig};

/// Batches above this many pairs are not scored here: their similarities alone would fill the memory.
const LARGEST: usize = 8192;

/// Two values of a loss that need no training to be known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Landmarks {
    /// Of a model that knows nothing: all similarities are zero, or all classes equally likely. ln(B) for InfoNCE,
    /// ln(C) for cross-entropy.
    pub first: f64,
    /// Of a model that has learnt the batch by heart, with the scale that the loss begins with.
    pub floor: f64,
}

/// The landmarks of a plan's loss for one batch. `alike` numbers the rows, equal where nobody can tell two apart; none:
/// all differ.
///
/// # Errors
/// Those of the loss.
pub fn landmarks(plan: &Plan, rig: &Rig, classes: i64, alike: Option<&Tensor>) -> Result<Option<Landmarks>> {
    if plan.run.batch > LARGEST {
        return Ok(None);
    }
    let rows = alike.map_or(plan.run.batch as i64, |alike| alike.size()[0]);
    tch::no_grad(|| match &rig.against {
        Against::Texts(_) => pairs(rig, rows, alike).map(Some),
        Against::Classes(_) => of_classes(rig, rows, classes).map(Some),
    })
}

fn pairs(rig: &Rig, rows: i64, alike: Option<&Tensor>) -> Result<Landmarks> {
    let device = rig.vars.device();
    let score = |image: &Tensor, text: &Tensor| -> Result<f64> {
        Ok(rig.loss.score(&Pair { image, text, group: alike })?.loss.f_double_value(&[])?)
    };
    // Two directions at a right angle: every picture is as far from every caption.
    let axis =
        |at: i64| Tensor::f_eye(2, (Kind::Float, device))?.f_narrow(0, at, 1)?.f_expand([rows, 2], false);
    let numbers = match alike {
        Some(alike) => places(alike)?,
        None => Tensor::f_arange(rows, (Kind::Int64, device))?,
    };
    // A direction of its own for each row that differs.
    let own = numbers.f_one_hot(rows)?.f_to_kind(Kind::Float)?; // [B, B]
    Ok(Landmarks { first: score(&axis(0)?, &axis(1)?)?, floor: score(&own, &own)? })
}

/// Numbers from 0 in place of any others, equal where those are.
fn places(alike: &Tensor) -> Result<Tensor> {
    let (_, places, _) = alike.f_internal_unique2(true, true, false)?;
    Ok(places)
}

fn of_classes(rig: &Rig, rows: i64, classes: i64) -> Result<Landmarks> {
    let device = rig.vars.device();
    let right = Tensor::f_arange(rows, (Kind::Int64, device))?.f_remainder(classes)?;
    let targets = right.f_one_hot(classes)?.f_to_kind(Kind::Float)?; // [B, C]
    let score = |certainty: f64| -> Result<f64> {
        let logits = targets.f_mul_scalar(certainty)?;
        let classes = Classes { logits: &logits, targets: &targets };
        Ok(rig.loss.score_classes(&classes)?.loss.f_double_value(&[])?)
    };
    // Smoothed labels punish too much certainty, so several are tried.
    let tried = [1.0, 2.0, 4.0, 8.0, 16.0].map(score);
    let floor = tried.into_iter().collect::<Result<Vec<_>>>()?.into_iter().fold(f64::INFINITY, f64::min);
    Ok(Landmarks { first: score(0.0)?, floor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_numbers_become_places() {
        let places = places(&Tensor::from_slice(&[70i64, -3, 70, 12])).unwrap();
        let places = Vec::<i64>::try_from(&places).unwrap();
        assert_eq!(places[0], places[2]);
        assert!(places.iter().all(|&place| (0..3).contains(&place)) && places[1] != places[3]);
    }
}
