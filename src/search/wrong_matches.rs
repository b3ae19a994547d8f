//! Wrong matches of a retrieval evaluation: the missed queries, and the results ranked above the correct one.

use std::collections::HashSet;

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::ModelWeights;
use clip_lab_search_protocol::{Item, Miss, Misses, RankedItem};
use clip_lab_store::{RankSet, Reader as Store, RunRow};
use clip_lab_vector_index::Index;

use super::{embed::Texts, engine::Engine, index_file::IndexFile, update::update_index};
use crate::{
    input::cores,
    train::{WeightsKind, key},
};

/// Scores that differ by less may be in either order: sums in another order round differently.
const ROUNDING: f32 = 1e-5;

/// Selects an evaluation of a run.
pub struct RankQuery<'a> {
    /// The split.
    pub split: &'a str,
    /// `t2i` or `i2t`.
    pub direction: &'a str,
    /// The weights of the search.
    pub weights: Option<ModelWeights>,
}

impl RankQuery<'_> {
    /// The recorded ranks at the step where these weights were saved, which match a search.
    ///
    /// # Errors
    /// If the store cannot be read or has no such evaluation.
    pub fn ranks(&self, store: &Store, run: &RunRow) -> Result<RankSet> {
        let (kind, file) = match self.weights {
            None | Some(ModelWeights::Raw) => (WeightsKind::Raw, WeightsKind::Raw.best()),
            Some(ModelWeights::Ema) => (WeightsKind::Ema, WeightsKind::Ema.best()),
            Some(ModelWeights::Last) => (WeightsKind::Raw, "last"),
        };
        let weights = kind.as_str();
        let mut sets = store.ranks(run.id)?;
        let matches = |set: &RankSet| {
            (&*set.suite, &*set.weights, &*set.split, &*set.direction)
                == ("retrieval", weights, self.split, self.direction)
        };
        sets.retain(matches);
        let artifacts = store.artifacts(run.id)?;
        let checkpoint =
            artifacts.iter().find(|artifact| artifact.kind == "checkpoint" && artifact.name == file);
        let step = checkpoint.and_then(|checkpoint| checkpoint.step);
        let index = step.and_then(|step| sets.iter().position(|set| set.step == step));
        let index = index.or(sets.len().checked_sub(1));
        let Self { split, direction, .. } = self;
        let index = index.with_context(|| {
            format!(
                "run {} has no evaluation of `retrieval` ({direction}) on {split} with {weights} weights: choose another --split",
                run.uid
            )
        })?;
        Ok(sets.swap_remove(index))
    }
}

/// Both sides of a retrieval evaluation, and its recorded ranks.
pub struct WrongMatches<'a> {
    engine: &'a Engine<'a>,
    /// Captions of the indexed images in order, and the row of each caption's image.
    captions: Vec<&'a str>,
    owners: Vec<usize>,
    set: &'a RankSet,
}

impl<'a> WrongMatches<'a> {
    /// Collects the captions of the gallery.
    ///
    /// # Errors
    /// If the data has changed since the evaluation.
    pub fn new(engine: &'a Engine<'a>, set: &'a RankSet) -> Result<Self> {
        let (mut captions, mut owners) = (Vec::new(), Vec::new());
        for row in 0..engine.index.len() {
            let own = engine.gallery.data.captions(engine.index.entry(row));
            captions.extend(own.iter().map(String::as_str));
            owners.extend(own.iter().map(|_| row));
        }
        let matches = Self { engine, captions, owners, set };
        let (evaluated, current) = (set.ranks.len(), matches.queries().len());
        ensure!(
            evaluated == current,
            "the evaluation has {evaluated} queries, but the {} data has {current}: the data has changed",
            set.split
        );
        Ok(matches)
    }

    fn is_text_to_image(&self) -> bool {
        self.set.direction == "t2i"
    }

    /// The caption of each query; for image queries, the image's first caption.
    fn queries(&self) -> Vec<usize> {
        let first = |&caption: &usize| caption == 0 || self.owners[caption] != self.owners[caption - 1];
        (0..self.captions.len()).filter(|caption| self.is_text_to_image() || first(caption)).collect()
    }

    /// The `count` worst queries, each with its `top` results and the best correct one.
    ///
    /// # Errors
    /// If a query cannot be embedded.
    pub fn misses(&self, texts: Option<&Index>, count: usize, top: usize) -> Result<Misses> {
        let queries = self.queries();
        let mut missed: Vec<usize> = (0..queries.len()).filter(|&query| self.set.ranks[query] > 0).collect();
        // Stable: ties stay in the order of the data.
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

    /// A miss, and whether the correct result still has the recorded rank.
    fn miss(&self, caption: usize, rank: u32, texts: Option<&Index>, top: usize) -> Result<(Miss, bool)> {
        let own = self.owners[caption];
        let (query, embedding, index, correct) = if self.is_text_to_image() {
            let text = self.captions[caption];
            let embedder = self.engine.texts.as_ref().context("the model has no text tower")?;
            (Item::Text(text.to_owned()), embedder.text(text)?, &*self.engine.index, HashSet::from([own]))
        } else {
            let correct = (caption..self.owners.len()).take_while(|&other| self.owners[other] == own);
            let texts = texts.context("the captions were not embedded")?;
            (self.image(own), self.engine.index.row(own), texts, correct.collect())
        };
        let mut nearest = index.nearest(&embedding, top, cores());
        let best = index.best_of(&embedding, correct.iter().copied()).context("no correct result")?;
        if !nearest.iter().any(|near| correct.contains(&near.row)) {
            nearest.push(best);
        }
        let item = |row| {
            if self.is_text_to_image() { self.image(row) } else { Item::Text(self.captions[row].to_owned()) }
        };
        let results = nearest.iter().zip(1..).map(|(near, position)| {
            let last = near.row == best.row && position > top as u32;
            let rank = if last { index.rank(&embedding, best) as u32 + 1 } else { position };
            RankedItem { item: item(near.row), rank, score: near.score, right: correct.contains(&near.row) }
        });
        let possible = index.ranks_within(&embedding, best.score, ROUNDING);
        let miss = Miss { query, rank: rank + 1, answers: results.collect() };
        Ok((miss, possible.contains(&(rank as usize))))
    }

    fn image(&self, row: usize) -> Item {
        Item::Image { image: row, name: self.engine.name(row) }
    }

    /// The embeddings of the captions for image queries, cached like those of images. None when stopped.
    ///
    /// # Errors
    /// If the model fails or the index cannot be written.
    pub fn texts(&self, vars: &tch::nn::VarStore, stop: &dyn Fn() -> bool) -> Result<Option<Index>> {
        let embedder = self.engine.texts.as_ref().context("the model has no text tower")?;
        let side = embedder.side;
        let parts = [
            format!("texts {} {}", side.encoder.name, side.encoder.settings),
            format!("{} {}", side.head.projection.name, side.head.projection.settings),
            format!("{} {}", side.tokenizer.name, side.tokenizer.settings),
            side.max_tokens.to_string(),
            self.engine.gallery.identity.clone(),
        ];
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let model = key(vars, &["text.", "text_projection."], &parts)?;
        let file = IndexFile::new(None, model, self.engine.index.dim())?;
        let stamp = |(text, number): (&&str, u64)| clip_lab_vector_index::Stamp {
            name: (*text).to_owned(),
            mark: [number, 0],
        };
        let now: Vec<_> = self.captions.iter().zip(0..).map(stamp).collect();
        let index = update_index(&Texts(embedder, &self.captions), &now, &file, false, stop)?;
        if let Some(index) = &index {
            ensure!(
                index.len() == now.len(),
                "some captions have no embedding: the ranks cannot be compared"
            );
        }
        Ok(index)
    }
}
