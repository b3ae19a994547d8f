//! What ranks tell each other before each step: whether to stop, how many rows they have, and the keys of their pairs.

use std::ops::Range;

use anyhow::{Context as _, Result};
use clip_lab_input::{Batch, Unreadable, groups};
use serde_json::{Value, json};
use tch::Tensor;

use super::{Agreement, RankLoad, Ranks};

/// Numbers before the keys of the rows.
const HEADER: usize = 5 + RankLoad::NUMBERS;
/// Numbers of a row: its image and the digest of its caption.
const KEY: usize = 3;

/// What the exchange before each step depends on.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// Slots of the global batch.
    pub batch: usize,
    /// Slots of a micro-batch.
    pub micro_batch: usize,
    /// The padding id of captions; none when training on classes.
    pub padding: Option<i64>,
}

/// The numbers of one rank.
struct Offer<'a>(&'a [i64]);

impl Offer<'_> {
    fn stops(&self) -> bool {
        self.0[0] != 0
    }

    fn rows(&self) -> i64 {
        self.0[1]
    }

    fn micro_batches(&self) -> i64 {
        self.0[2]
    }

    fn length(&self) -> i64 {
        self.0[3]
    }

    fn unreadable(&self) -> i64 {
        self.0[4]
    }

    fn load(&self) -> RankLoad {
        RankLoad::from_numbers(&self.0[5..HEADER])
    }

    fn keys(&self) -> impl Iterator<Item = &[i64]> {
        self.0[HEADER..].chunks_exact(KEY).take(self.rows() as usize)
    }
}

impl Ranks {
    /// The slots of the global batch that this rank reads.
    pub fn slots(&self, batch: usize) -> Range<i64> {
        let each = (batch / self.size()) as i64;
        let first = self.rank() as i64 * each;
        first..first + each
    }

    /// Agrees with the other ranks on the next step. `batch` is none if this rank had to stop while it waited for its data.
    /// Pads the captions to the length of the longest of all ranks, replaces the groups by those of the global batch, and
    /// adds the unreadable images of the other ranks. `load` is that of this rank's last step. None if a rank stops.
    pub fn agree(
        &self,
        batch: Option<Batch>,
        stop: bool,
        load: RankLoad,
        at: Exchange,
    ) -> Result<Option<(Batch, Agreement)>> {
        let numbers = self.numbers(batch.as_ref(), stop, load, at)?;
        let offers: Vec<Offer<'_>> = numbers.chunks_exact(at.numbers(self.size())).map(Offer).collect();
        if offers.iter().any(Offer::stops) {
            return Ok(None);
        }
        let mut batch = batch.context("a rank without a batch did not stop")?;
        if offers.iter().any(|offer| offer.unreadable() > 0) {
            batch.unreadable = self.all_unreadable(&batch.unreadable)?;
        }
        if let Some(id) = at.padding {
            batch.pad_captions(offers.iter().map(Offer::length).max().unwrap_or(0), id)?;
            batch.group = groups_of(&offers).f_to_device(batch.indices.device())?;
        }
        let counts = offers.iter().map(Offer::rows).collect();
        let micro_batches = offers.iter().map(Offer::micro_batches).collect();
        let loads = offers.iter().map(Offer::load).collect();
        Ok(Some((batch, Agreement { counts, micro_batches, loads })))
    }

    /// The numbers of all ranks.
    fn numbers(&self, batch: Option<&Batch>, stop: bool, load: RankLoad, at: Exchange) -> Result<Vec<i64>> {
        let mut own = vec![i64::from(stop || batch.is_none()), 0, 0, 0, 0];
        if let Some(batch) = batch {
            let slots = batch.slots.chunk_by(|a, b| a / at.micro_batch as i64 == b / at.micro_batch as i64);
            let length = batch.tokens.ids.size2()?.1;
            own = vec![own[0], batch.len(), slots.count() as i64, length, batch.unreadable.len() as i64];
            own.extend(load.to_numbers());
            if at.padding.is_some() {
                let images = Vec::<i64>::try_from(&batch.indices)?;
                own.extend(images.iter().zip(&batch.captions).flat_map(|(image, [a, b])| [*image, *a, *b]));
            }
        }
        own.resize(at.numbers(self.size()), 0);
        Ok(Vec::try_from(&self.group.all_gather(&Tensor::from_slice(&own))?)?)
    }

    /// The unreadable images of all ranks.
    fn all_unreadable(&self, own: &[Unreadable]) -> Result<Vec<Unreadable>> {
        let list = own.iter().map(|one| json!([one.image, one.name, one.reason])).collect::<Vec<Value>>();
        let mut all = Vec::new();
        for text in self.group.all_gather_text(&Value::from(list).to_string())? {
            let list: Vec<(usize, String, String)> = serde_json::from_str(&text)?;
            all.extend(list.into_iter().map(|(image, name, reason)| Unreadable { image, name, reason }));
        }
        Ok(all)
    }
}

impl Exchange {
    /// The numbers that each of `size` ranks gives.
    fn numbers(self, size: usize) -> usize {
        HEADER + if self.padding.is_some() { KEY * self.batch / size } else { 0 }
    }
}

/// The duplicate groups of the global batch, `[B]`.
fn groups_of(offers: &[Offer<'_>]) -> Tensor {
    let keys: Vec<&[i64]> = offers.iter().flat_map(Offer::keys).collect();
    let images: Vec<usize> = keys.iter().map(|key| key[0] as usize).collect();
    // Rows without a caption have zeros, and are not equal to each other.
    let captions: Vec<_> =
        keys.iter().map(|key| Some(&key[1..]).filter(|digest| *digest != [0, 0])).collect();
    Tensor::from_slice(&groups(&images, &captions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_of_all_ranks_and_rows_that_do_not_exist_are_in_none() {
        let first = [0, 3, 1, 4, 0, /* load */ 9, 9, 9, 9, /* rows */ 7, 1, 1, 8, 2, 2, 5, 0, 0];
        let second = [0, 2, 1, 4, 1, /* load */ 9, 9, 9, 9, /* rows */ 9, 1, 1, 6, 0, 0, 0, 0, 0];
        let offers = [Offer(&first), Offer(&second)];
        assert_eq!(Vec::<i64>::try_from(groups_of(&offers)).unwrap(), [0, 1, 2, 0, 4]);
    }
}
