//! Names of metrics, and what they say of ranks.

use anyhow::{Result, bail};
use clip_lab_cli::{CompareArgs, Weights};
use clip_lab_store::{Evaluated, Reader, RunRow};

use super::select::Selection;

/// A metric by its name, `SPLIT/[ema/]SUITE/[DIRECTION/]NAME`.
pub struct Metric {
    /// The whole name.
    pub name: String,
    /// `val`, `test`, ...
    pub split: String,
    /// How it follows from ranks; none when it does not.
    pub ranked: Option<Ranked>,
}

/// A metric that is a mean over queries of something about the rank of the right answer.
pub struct Ranked {
    suite: String,
    direction: String,
    weights: &'static str,
    score: Score,
}

#[derive(Clone, Copy)]
enum Score {
    /// Whether the right answer is among the first so many.
    Hit(u32),
    /// The rank, counted from 1.
    Rank,
    /// One over that.
    Reciprocal,
}

impl Metric {
    /// Takes a name apart.
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
        let (suite, direction, score) = match parts[..] {
            [suite @ ("zero_shot" | "classification"), score] => (suite, "i2c", score),
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

    /// Where its ranks are stored.
    pub fn at<'a>(&'a self, step: u64, split: &'a str) -> Evaluated<'a> {
        let (suite, direction) = (self.suite.as_str(), self.direction.as_str());
        Evaluated { step, split, suite, direction, weights: self.weights }
    }

    /// Where the ranks of the pictures are stored whose captions are the queries; none for other queries.
    pub fn pictures_at<'a>(&'a self, step: u64, split: &'a str) -> Option<Evaluated<'a>> {
        (self.direction == "t2i").then(|| Evaluated { direction: "i2t", ..self.at(step, split) })
    }

    /// What a query adds to the mean.
    pub fn score(&self, rank: u32) -> f64 {
        match self.score {
            Score::Hit(k) => f64::from(u8::from(rank < k)),
            Score::Rank => f64::from(rank) + 1.0,
            Score::Reciprocal => 1.0 / (f64::from(rank) + 1.0),
        }
    }

    /// Whether a query is either right or wrong.
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

/// The metrics to compare by: those asked for, the study's, or the goal of the runs as measured on the test split.
///
/// # Errors
/// When nothing names one.
pub fn chosen(reader: &Reader, selection: &Selection, args: &CompareArgs) -> Result<Vec<Metric>> {
    let names = match (&args.metric[..], &selection.metric) {
        ([], Some(metric)) => vec![metric.clone()],
        ([], None) => vec![goal(reader, selection)?],
        (asked, _) => asked.to_vec(),
    };
    Ok(names.iter().map(|name| Metric::new(&of_weights(name, args.weights))).collect())
}

fn goal(reader: &Reader, selection: &Selection) -> Result<String> {
    let runs: Vec<&RunRow> = selection.arms.iter().flat_map(|arm| &arm.runs).collect();
    let Some(goal) = runs.iter().find_map(|run| run.goal_metric.clone()) else {
        bail!("none of these runs has finished with a goal: name what to compare by with --metric");
    };
    let on_test = goal.split_once('/').map_or_else(|| goal.clone(), |(_, rest)| format!("test/{rest}"));
    for run in runs {
        if reader.series(run.id)?.iter().any(|series| series.name == on_test) {
            return Ok(on_test);
        }
    }
    Ok(goal)
}

/// The same metric of other weights.
fn of_weights(name: &str, weights: Option<Weights>) -> String {
    let (Some(weights), Some((split, rest))) = (weights, name.split_once('/')) else {
        return name.to_owned();
    };
    let rest = rest.strip_prefix("ema/").unwrap_or(rest);
    match weights {
        Weights::Raw => format!("{split}/{rest}"),
        Weights::Ema => format!("{split}/ema/{rest}"),
    }
}

#[cfg(test)]
mod names {
    use super::*;

    #[test]
    fn names_say_where_their_ranks_are() {
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
        assert_eq!(at("val/retrieval/t2i/mrr").unwrap(), "val retrieval t2i raw 0.2");
        assert_eq!(at("val/retrieval/t2i/mean_rank").unwrap(), "val retrieval t2i raw 5");
        for other in
            ["train/loss", "test/classification/mean_per_class", "val/retrieval/i2t/recall@5", "loss"]
        {
            assert!(at(other).is_none(), "{other}");
        }
    }

    #[test]
    fn weights_are_part_of_the_name() {
        let (raw, ema) = ("test/zero_shot/top1", "test/ema/zero_shot/top1");
        for name in [raw, ema] {
            assert_eq!(of_weights(name, Some(Weights::Raw)), raw);
            assert_eq!(of_weights(name, Some(Weights::Ema)), ema);
            assert_eq!(of_weights(name, None), name);
        }
    }
}
