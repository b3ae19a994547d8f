//! What an evaluation got wrong: the queries that missed, and what was found before the right answer.

use std::collections::HashSet;

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::ModelWeights;
use clip_lab_index::Index;
use clip_lab_search::{Item, Judged, Miss, Misses};
use clip_lab_store::{RankSet, Reader as Store, RunRow};

use super::{embed::Texts, engine::Engine, keep::keep, place::Place};
use crate::{
    data::cores,
    train::{WeightsKind, key},
};

/// Scores that differ by less may stand in either order: sums in another order round differently.
const ROUNDING: f32 = 1e-5;

/// Which evaluation is meant.
pub struct Wanted<'a> {
    /// The split.
    pub split: &'a str,
    /// `t2i` or `i2t`.
    pub direction: &'a str,
    /// Those that are searched with.
    pub weights: Option<ModelWeights>,
}

impl Wanted<'_> {
    /// The ranks that these weights had when they were kept: a search has the same.
    ///
    /// # Errors
    /// Those of the store, and when there was no such evaluation.
    pub fn ranks(&self, store: &Store, run: &RunRow) -> Result<RankSet> {
        let (kind, file) = match self.weights {
            None | Some(ModelWeights::Raw) => (WeightsKind::Raw, WeightsKind::Raw.best()),
            Some(ModelWeights::Ema) => (WeightsKind::Ema, WeightsKind::Ema.best()),
            Some(ModelWeights::Last) => (WeightsKind::Raw, "last"),
        };
        let weights = kind.as_str();
        let mut sets = store.ranks(run.id)?;
        let fits = |set: &RankSet| {
            (&*set.suite, &*set.weights, &*set.split, &*set.direction)
                == ("retrieval", weights, self.split, self.direction)
        };
        sets.retain(fits);
        let kept = store.artifacts(run.id)?;
        let kept = kept.iter().find(|kept| kept.kind == "checkpoint" && kept.name == file);
        let step = kept.and_then(|kept| kept.step);
        let place = step.and_then(|step| sets.iter().position(|set| set.step == step));
        let place = place.or(sets.len().checked_sub(1));
        let Self { split, direction, .. } = self;
        let place = place.with_context(|| {
            format!(
                "run {} has no evaluation of `retrieval` ({direction}) on {split} with {weights} weights: name another --split",
                run.uid
            )
        })?;
        Ok(sets.swap_remove(place))
    }
}

/// Both sides of a retrieval, and the ranks that were recorded.
pub struct Judge<'a> {
    engine: &'a Engine<'a>,
    /// Captions of the pictures that can be found, one after another, and the row of each.
    captions: Vec<&'a str>,
    owners: Vec<usize>,
    set: &'a RankSet,
}

impl<'a> Judge<'a> {
    /// # Errors
    /// When the data set is no longer the one that was evaluated.
    pub fn new(engine: &'a Engine<'a>, set: &'a RankSet) -> Result<Self> {
        let (mut captions, mut owners) = (Vec::new(), Vec::new());
        for row in 0..engine.index.len() {
            let own = engine.gallery.data.captions(engine.index.entry(row));
            captions.extend(own.iter().map(String::as_str));
            owners.extend(own.iter().map(|_| row));
        }
        let judge = Self { engine, captions, owners, set };
        let (was, is) = (set.ranks.len(), judge.queries().len());
        ensure!(
            was == is,
            "the evaluation asked {was} queries and the {} data has {is} now: it has changed since",
            set.split
        );
        Ok(judge)
    }

    fn asks_with_text(&self) -> bool {
        self.set.direction == "t2i"
    }

    /// For each query its caption, or its picture's first.
    fn queries(&self) -> Vec<usize> {
        let first = |&caption: &usize| caption == 0 || self.owners[caption] != self.owners[caption - 1];
        (0..self.captions.len()).filter(|caption| self.asks_with_text() || first(caption)).collect()
    }

    /// The `count` worst queries, each with its `top` answers and the first right one.
    ///
    /// # Errors
    /// Those of the model and of the index of the captions.
    pub fn misses(&self, texts: Option<&Index>, count: usize, top: usize) -> Result<Misses> {
        let queries = self.queries();
        let mut missed: Vec<usize> = (0..queries.len()).filter(|&query| self.set.ranks[query] > 0).collect();
        // Stable, so that equals stay in the order of the data.
        missed.sort_by_key(|&query| std::cmp::Reverse(self.set.ranks[query]));
        let (mut worst, mut moved) = (Vec::new(), 0);
        for &query in missed.iter().take(count) {
            let (miss, as_recorded) = self.miss(queries[query], self.set.ranks[query], texts, top)?;
            moved += usize::from(!as_recorded);
            worst.push(miss);
        }
        let RankSet { split, direction, weights, step, .. } = self.set.clone();
        Ok(Misses {
            split,
            direction,
            weights,
            step,
            queries: queries.len(),
            missed: missed.len(),
            moved,
            worst,
        })
    }

    /// A miss, and whether the right answer still has the recorded rank.
    fn miss(&self, caption: usize, rank: u32, texts: Option<&Index>, top: usize) -> Result<(Miss, bool)> {
        let own = self.owners[caption];
        let (query, embedding, answers, right) = if self.asks_with_text() {
            let text = self.captions[caption];
            let reader = self.engine.reader.as_ref().context("the model has no text tower")?;
            (Item::Text(text.to_owned()), reader.text(text)?, &*self.engine.index, HashSet::from([own]))
        } else {
            let right = (caption..self.owners.len()).take_while(|&other| self.owners[other] == own);
            let texts = texts.context("the captions were not embedded")?;
            (self.picture(own), self.engine.index.row(own), texts, right.collect())
        };
        let mut near = answers.nearest(&embedding, top, cores());
        let best = answers.best_of(&embedding, right.iter().copied()).context("there is no right answer")?;
        if !near.iter().any(|near| right.contains(&near.row)) {
            near.push(best);
        }
        let item = |row| {
            if self.asks_with_text() { self.picture(row) } else { Item::Text(self.captions[row].to_owned()) }
        };
        let judged = near.iter().zip(1..).map(|(near, place)| {
            let last = near.row == best.row && place > top as u32;
            let rank = if last { answers.rank(&embedding, best) as u32 + 1 } else { place };
            Judged { item: item(near.row), rank, score: near.score, right: right.contains(&near.row) }
        });
        let possible = answers.ranks_within(&embedding, best.score, ROUNDING);
        let miss = Miss { query, rank: rank + 1, answers: judged.collect() };
        Ok((miss, possible.contains(&(rank as usize))))
    }

    fn picture(&self, row: usize) -> Item {
        Item::Picture { picture: row, name: self.engine.name(row) }
    }

    /// The embeddings of the captions, which a picture's query is compared with; kept like those of pictures.
    ///
    /// # Errors
    /// Those of the model and the disk. None when somebody stopped it.
    pub fn texts(&self, vars: &tch::nn::VarStore, stop: &dyn Fn() -> bool) -> Result<Option<Index>> {
        let reader = self.engine.reader.as_ref().context("the model has no text tower")?;
        let side = reader.side;
        let words = [
            format!("texts {} {}", side.encoder.name, side.encoder.settings),
            format!("{} {}", side.head.projection.name, side.head.projection.settings),
            format!("{} {}", side.tokenizer.name, side.tokenizer.settings),
            side.max_tokens.to_string(),
            self.engine.gallery.identity.clone(),
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let model = key(vars, &["text.", "text_projection."], &words)?;
        let place = Place::new(None, model, self.engine.index.dim())?;
        let stamp = |(text, number): (&&str, u64)| clip_lab_index::Stamp {
            name: (*text).to_owned(),
            mark: [number, 0],
        };
        let now: Vec<_> = self.captions.iter().zip(0..).map(stamp).collect();
        let index = keep(&Texts(reader, &self.captions), &now, &place, false, stop)?;
        if let Some(index) = &index {
            ensure!(
                index.len() == now.len(),
                "some captions have no embedding: the ranks cannot be compared"
            );
        }
        Ok(index)
    }
}
