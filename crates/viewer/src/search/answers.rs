//! Queries with their answers.

use anyhow::{Result, bail};
use clip_lab_cli::SearchArgs;
use clip_lab_search_protocol::{Answer, Found, Image, Misses, Operation, Query};

use super::core::Core;

/// The answers to all queries.
pub enum Answers {
    /// Queries with their results.
    Found(Vec<(Query, Found)>),
    /// The missed queries of an evaluation.
    Missed(Misses),
}

impl Answers {
    /// Sends all queries and collects the answers.
    ///
    /// # Errors
    /// If a query fails, with the query.
    pub fn request(core: &mut Core, args: &SearchArgs, queries: Vec<Query>) -> Result<Self> {
        let top = args.top.get();
        if args.wrong.wrong {
            let operation = Operation::Misses { count: args.wrong.worst.get(), top };
            return match core.call(vec![operation])?.pop() {
                Some(Ok(Answer::Misses(misses))) => Ok(Self::Missed(misses)),
                Some(Err(why)) => bail!("{why}"),
                other => bail!("clip-lab-core is of another version: it answered {other:?}"),
            };
        }
        let operations =
            queries.iter().map(|query| Operation::Nearest { to: query.clone(), top, check: true }).collect();
        let found = core.call(operations)?.into_iter().zip(queries).map(|(answer, query)| match answer {
            Ok(Answer::Found(found)) => Ok((query, found)),
            Err(why) => bail!("{}: {why}", label(&query)),
            other => bail!("clip-lab-core is of another version: it answered {other:?}"),
        });
        Ok(Self::Found(found.collect::<Result<Vec<_>>>()?))
    }

    /// Notes besides the answers.
    pub fn notes(&self) -> Vec<String> {
        let misses = match self {
            Self::Found(found) => return found.iter().filter_map(recall_note).collect(),
            Self::Missed(misses) => misses,
        };
        let Misses { split, direction, weights, step, queries, missed, moved, worst } = misses;
        let share = 100.0 * *missed as f64 / (*queries).max(1) as f64;
        let mut notes = vec![format!(
            "retrieval {direction} on {split} at step {step}, {weights} weights: {missed} of {queries} queries missed ({share:.1}%)"
        )];
        if *moved > 0 {
            notes.push(format!(
                "Warning: {moved} of these {} queries have another rank now: weights or data have changed since the evaluation",
                worst.len()
            ));
        }
        notes
    }
}

/// The recall of an approximate search, if below 1.
fn recall_note((query, found): &(Query, Found)) -> Option<String> {
    let recall = found.recall.filter(|&recall| recall < 1.0)?;
    Some(format!("approximate: {:.0}% of the exact answers to `{}` were found", 100.0 * recall, label(query)))
}

/// A query as text.
pub fn label(query: &Query) -> String {
    match query {
        Query::Text(text) => text.clone(),
        Query::Image(Image::File(path)) => path.display().to_string(),
        Query::Image(Image::Gallery(number)) => format!("image {number}"),
    }
}
