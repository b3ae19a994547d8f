//! Runs by a filter.

use anyhow::Result;
use clip_lab_board::filter::{Filter, Subject};
use clip_lab_store::{Reader, RunFacts, RunRow, SeriesRow};

use crate::Mistakes;

/// A run with what filters ask for.
type Known = (RunRow, RunFacts, Vec<SeriesRow>);

/// The runs of `all` that `text` means; `name` says where the text comes from.
///
/// # Errors
/// Those of the store, and what is wrong with the filter: its grammar, or names that no run has.
pub fn filtered(reader: &Reader, all: Vec<RunRow>, text: &str, name: &str) -> Result<Vec<RunRow>> {
    let filter = Filter::read(name, text).map_err(Mistakes::in_words)?;
    if filter.is_empty() {
        return Ok(all);
    }
    let known = known(reader, all)?;
    filter
        .check(known.iter().map(subject))
        .map_err(|problem| Mistakes::in_words(clip_lab_problem::render(name, text, &[problem], false)))?;
    Ok(known.into_iter().filter(|run| filter.matches(&subject(run))).map(|(run, ..)| run).collect())
}

fn known(reader: &Reader, all: Vec<RunRow>) -> Result<Vec<Known>> {
    let ids: Vec<_> = all.iter().map(|run| run.id).collect();
    let mut facts = reader.facts(&ids)?;
    let one = |run: RunRow| {
        let (facts, series) = (facts.remove(&run.id).unwrap_or_default(), reader.series(run.id)?);
        Ok((run, facts, series))
    };
    all.into_iter().map(one).collect()
}

fn subject((row, facts, series): &Known) -> Subject<'_> {
    Subject { row, facts, series }
}
