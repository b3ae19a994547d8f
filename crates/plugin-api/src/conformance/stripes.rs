//! Losses in stripes, with processes simulated one after the other.

use std::cell::{Cell, RefCell};

use anyhow::{Result, bail, ensure};
use tch::Tensor;

use crate::{AllReduce, Pair, Scored, Stripe, StripedLoss};

/// Scores a batch as processes with `counts` pairs each would, and returns what each gets. Every process is run again
/// from its start for each value that it waits for, without threads. Gradients add up where the caller differentiates all.
///
/// # Errors
/// When the loss fails, or the processes do not reduce the same values.
pub fn score_in_stripes(loss: &dyn StripedLoss, pair: &Pair, counts: &[i64]) -> Result<Vec<Scored>> {
    let mut first = 0;
    let mut images = Vec::new();
    for &count in counts {
        images.push((first, pair.image.f_narrow(0, first, count)?));
        first += count;
    }
    let mut all = Replay::default();
    loop {
        let (mut scored, mut offers) = (Vec::new(), Vec::new());
        for (first, image) in &images {
            all.next.set(0);
            let stripe = Stripe { image, text: pair.text, first: *first, group: pair.group };
            let outcome = loss.score_stripe(&stripe, &all);
            match all.offer.take() {
                Some(offer) => offers.push(offer),
                None => scored.push(outcome?),
            }
        }
        if offers.is_empty() {
            return Ok(scored);
        }
        ensure!(scored.is_empty(), "a process reduces a value that another one does not");
        all.known.push(combined(offers)?);
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Op {
    Sum,
    Max,
}

/// Results that are known, in the order in which they are asked for; at the first other one a process stops.
#[derive(Default)]
struct Replay {
    known: Vec<Tensor>,
    next: Cell<usize>,
    offer: RefCell<Option<(Op, Tensor)>>,
}

impl AllReduce for Replay {
    fn sum(&self, own: &Tensor) -> Result<Tensor> {
        self.answer(Op::Sum, own)
    }

    fn max(&self, own: &Tensor) -> Result<Tensor> {
        self.answer(Op::Max, own)
    }
}

impl Replay {
    fn answer(&self, op: Op, own: &Tensor) -> Result<Tensor> {
        if let Some(result) = self.known.get(self.next.get()) {
            self.next.set(self.next.get() + 1);
            return Ok(result.copy());
        }
        self.offer.replace(Some((op, own.f_detach()?.copy())));
        bail!("this process waits for the others")
    }
}

fn combined(offers: Vec<(Op, Tensor)>) -> Result<Tensor> {
    let mut offers = offers.into_iter();
    let Some((op, mut all)) = offers.next() else { bail!("there are no processes") };
    for (other, own) in offers {
        let same = (op, all.size(), all.kind()) == (other, own.size(), own.kind());
        ensure!(same, "processes reduce different values: {op:?} of {all:?} and {other:?} of {own:?}");
        all = match op {
            Op::Sum => all.f_add(&own)?,
            Op::Max => all.f_maximum(&own)?,
        };
    }
    Ok(all)
}
