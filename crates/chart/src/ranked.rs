//! Metrics that are computed from ranks, and the stored ranks behind their values.

use clip_lab_stats::{Outcomes, mean};
use clip_lab_store::{Evaluated, Reader, RunId, StoreError};
use serde_json::Value;

/// A metric by its name, `SPLIT/[ema/]SUITE/[DIRECTION/]NAME`.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The full name.
    pub name: String,
    /// `val`, `test`, ...
    pub split: String,
    /// How it is computed from ranks; none for other metrics.
    pub ranked: Option<Ranked>,
}

/// A metric that is the mean over queries of a function of the rank of the correct answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    suite: String,
    direction: String,
    weights: &'static str,
    score: Score,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Score {
    /// hit@k: whether the correct answer is among the first k.
    Hit(u32),
    /// The rank, from 1.
    Rank,
    /// The reciprocal rank.
    Reciprocal,
}

impl Metric {
    /// Parses a name.
    pub fn new(name: &str) -> Metric {
        let split = name.split('/').next().unwrap_or_default().to_owned();
        Metric { name: name.to_owned(), split, ranked: Ranked::new(name) }
    }
}

impl Ranked {
    fn new(name: &str) -> Option<Ranked> {
        let mut parts: Vec<&str> = name.split('/').skip(1).collect();
        let ema = parts.first() == Some(&"ema");
        if ema {
            parts.remove(0);
        }
        // The names only say where ranks may be stored: those that do not give the value are not used.
        let (suite, direction, score) = match parts[..] {
            [suite, score] => (suite, "i2c", score),
            [suite, direction, score] => (suite, direction, score),
            _ => return None,
        };
        Some(Ranked {
            suite: suite.to_owned(),
            direction: direction.to_owned(),
            weights: if ema { "ema" } else { "raw" },
            score: Score::new(score)?,
        })
    }

    /// The key of its stored ranks.
    pub fn at<'a>(&'a self, step: u64, split: &'a str) -> Evaluated<'a> {
        let (suite, direction) = (self.suite.as_str(), self.direction.as_str());
        Evaluated { step, split, suite, direction, weights: self.weights }
    }

    /// For caption queries, the key of the ranks of the images they describe; none for other queries.
    fn images_at<'a>(&'a self, step: u64, split: &'a str) -> Option<Evaluated<'a>> {
        (self.direction == "t2i").then(|| Evaluated { direction: "i2t", ..self.at(step, split) })
    }

    /// The score of a query.
    pub fn score(&self, rank: u32) -> f64 {
        match self.score {
            Score::Hit(k) => f64::from(u8::from(rank < k)),
            Score::Rank => f64::from(rank) + 1.0,
            Score::Reciprocal => 1.0 / (f64::from(rank) + 1.0),
        }
    }

    /// Whether a query is either a hit or a miss.
    pub fn is_share(&self) -> bool {
        matches!(self.score, Score::Hit(_))
    }
}

impl Score {
    fn new(name: &str) -> Option<Score> {
        let first = name.strip_prefix("hit@").or_else(|| name.strip_prefix("top"));
        match name {
            "mean_rank" => Some(Score::Rank),
            "mrr" => Some(Score::Reciprocal),
            _ => first?.parse().ok().map(Score::Hit),
        }
    }
}

/// Ranks of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// One rank per query.
    pub ranks: Vec<u32>,
    /// One score per query.
    pub scores: Vec<f64>,
    /// Number of consecutive queries per image; none if it varies.
    pub together: Option<usize>,
    /// The data set, from the run's environment.
    data: Option<Value>,
}

impl Ranks {
    /// The ranks behind `value` of `metric` at `step`, if stored; `data` describes the run's split.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn read(
        reader: &Reader,
        run: RunId,
        metric: &Metric,
        (step, value): (u64, f64),
        data: Option<Value>,
    ) -> Result<Option<Ranks>, StoreError> {
        let Some(ranked) = &metric.ranked else { return Ok(None) };
        let Some(ranks) = reader.ranks_of(run, &ranked.at(step, &metric.split))? else { return Ok(None) };
        let images = match ranked.images_at(step, &metric.split) {
            Some(at) => reader.ranks_of(run, &at)?.map_or(ranks.len(), |images| images.len()),
            None => ranks.len(),
        };
        // Captions are in the order of their images.
        let together = (images > 0 && ranks.len().is_multiple_of(images)).then(|| ranks.len() / images);
        let scores: Vec<f64> = ranks.iter().map(|rank| ranked.score(*rank)).collect();
        // Ranks that give another value belong to another evaluation.
        let fits = (mean(&scores) - value).abs() <= 1e-5 * value.abs().max(1.0);
        Ok(fits.then_some(Ranks { ranks, scores, together, data }))
    }

    /// Whether both have the same queries, as far as recorded.
    pub fn same_queries(&self, other: &Ranks) -> bool {
        let recorded = self.data.is_some() && other.data.is_some();
        self.ranks.len() == other.ranks.len() && (!recorded || self.data == other.data)
    }

    /// The scores, averaged over the captions of each image, which are not independent.
    pub fn by_image(&self) -> Vec<f64> {
        self.scores.chunks(self.together.unwrap_or(1).max(1)).map(mean).collect()
    }

    /// The scores as outcomes of a single seed; none for fewer than two queries.
    pub fn outcomes(&self) -> Option<Outcomes> {
        Outcomes::new(vec![self.by_image()])
    }
}

#[cfg(test)]
mod names {
    use super::*;

    #[test]
    fn names_determine_the_stored_ranks() {
        let at = |name: &str| {
            let metric = Metric::new(name);
            metric.ranked.map(|ranked| {
                let at = ranked.at(7, &metric.split);
                assert_eq!(at.step, 7);
                format!("{} {} {} {} {}", at.split, at.suite, at.direction, at.weights, ranked.score(4))
            })
        };
        assert_eq!(at("test/retrieval/t2i/hit@5").unwrap(), "test retrieval t2i raw 1");
        assert_eq!(at("val/ema/retrieval/i2t/hit@1").unwrap(), "val retrieval i2t ema 0");
        assert_eq!(at("test/zero_shot/top5").unwrap(), "test zero_shot i2c raw 1");
        assert_eq!(at("val/ema/classification/top1").unwrap(), "val classification i2c ema 0");
        assert_eq!(at("test/nearest/top1").unwrap(), "test nearest i2c raw 0");
        assert_eq!(at("val/retrieval/t2i/mrr").unwrap(), "val retrieval t2i raw 0.2");
        assert_eq!(at("val/retrieval/t2i/mean_rank").unwrap(), "val retrieval t2i raw 5");
        for other in
            ["train/loss", "test/classification/mean_per_class", "val/retrieval/i2t/recall@5", "loss"]
        {
            assert!(at(other).is_none(), "{other}");
        }
    }
}
