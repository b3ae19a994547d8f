//! What was asked and what was answered.

use anyhow::{Result, bail};
use clip_lab_cli::SearchArgs;
use clip_lab_search::{Answer, Ask, Found, Misses, Picture, Query};

use super::core::Core;

/// Answers to everything that was asked.
pub enum Answers {
    /// Of queries, each with what it found.
    Found(Vec<(Query, Found)>),
    /// Of an evaluation.
    Missed(Misses),
}

impl Answers {
    /// Asks one after the other.
    ///
    /// # Errors
    /// The first question that cannot be answered, with what it was.
    pub fn ask(core: &mut Core, args: &SearchArgs, queries: Vec<Query>) -> Result<Self> {
        let top = args.top.get();
        if args.wrong.wrong {
            let ask = Ask::Misses { count: args.wrong.worst.get(), top };
            return match core.ask(vec![ask])?.pop() {
                Some(Ok(Answer::Misses(misses))) => Ok(Self::Missed(misses)),
                Some(Err(why)) => bail!("{why}"),
                other => bail!("the core is of another version: it answered {other:?}"),
            };
        }
        let asks = queries.iter().map(|query| Ask::Nearest { to: query.clone(), top, check: true }).collect();
        let found = core.ask(asks)?.into_iter().zip(queries).map(|(answer, query)| match answer {
            Ok(Answer::Found(found)) => Ok((query, found)),
            Err(why) => bail!("{}: {why}", words(&query)),
            other => bail!("the core is of another version: it answered {other:?}"),
        });
        Ok(Self::Found(found.collect::<Result<Vec<_>>>()?))
    }

    /// What there is to say besides the answers.
    pub fn remarks(&self) -> Vec<String> {
        let misses = match self {
            Self::Found(found) => return found.iter().filter_map(missed).collect(),
            Self::Missed(misses) => misses,
        };
        let Misses { split, direction, weights, step, queries, missed, moved, worst } = misses;
        let share = 100.0 * *missed as f64 / (*queries).max(1) as f64;
        let mut said = vec![format!(
            "retrieval {direction} on {split} at step {step}, {weights} weights: {missed} of {queries} queries missed ({share:.1}%)"
        )];
        if *moved > 0 {
            said.push(format!(
                "Warning: {moved} of these {} queries have another rank now: weights or data are not those of the evaluation",
                worst.len()
            ));
        }
        said
    }
}

/// What an approximate search did not find.
fn missed((query, found): &(Query, Found)) -> Option<String> {
    let recall = found.recall.filter(|&recall| recall < 1.0)?;
    Some(format!("approximate: {:.0}% of the exact answers to `{}` were found", 100.0 * recall, words(query)))
}

/// A query as a person reads it.
pub fn words(query: &Query) -> String {
    match query {
        Query::Text(text) => text.clone(),
        Query::Picture(Picture::File(path)) => path.display().to_string(),
        Query::Picture(Picture::Gallery(number)) => format!("picture {number}"),
    }
}
