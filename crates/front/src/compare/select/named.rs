//! Arms from runs that the user names one by one.

use anyhow::Result;
use clip_lab_store::{Reader, RunRow};

/// A run with the name of its arm.
type Labelled = (String, RunRow);

/// The runs that `what` means, each with the name of its arm, and those names in the order asked for.
///
/// A name means all runs that have it, anything else one run. Runs of one name are an arm; two of the same name and seed,
/// both asked for by their uids, are to be told apart and become two.
///
/// # Errors
/// When nothing answers to a selector.
pub fn arms(reader: &Reader, runs: &[RunRow], what: &[String]) -> Result<(Vec<Labelled>, Vec<String>)> {
    let mut chosen = Vec::new();
    for selector in what {
        for pick in picks(reader, runs, selector)? {
            if chosen.iter().all(|known: &Pick| known.run.uid != pick.run.uid) {
                chosen.push(pick);
            }
        }
    }
    let labelled: Vec<Labelled> =
        chosen.iter().map(|pick| (label(pick, &chosen), pick.run.clone())).collect();
    let mut order: Vec<String> = Vec::new();
    for (name, _) in &labelled {
        if !order.contains(name) {
            order.push(name.clone());
        }
    }
    Ok((labelled, order))
}

/// A run, and whether it was asked for by its uid.
struct Pick {
    run: RunRow,
    alone: bool,
}

fn picks(reader: &Reader, runs: &[RunRow], selector: &str) -> Result<Vec<Pick>> {
    let named = runs.iter().filter(|run| run.name == selector);
    let named: Vec<Pick> = named.map(|run| Pick { run: run.clone(), alone: false }).collect();
    if named.is_empty() { Ok(vec![Pick { run: reader.run(selector)?, alone: true }]) } else { Ok(named) }
}

fn label(pick: &Pick, all: &[Pick]) -> String {
    let Pick { run, alone } = pick;
    let twin = |other: &&Pick| other.alone && other.run.name == run.name && other.run.seed == run.seed;
    match *alone && all.iter().filter(twin).count() > 1 {
        true => format!("{}·{}", run.name, &run.uid[run.uid.len().saturating_sub(4)..]),
        false => run.name.clone(),
    }
}
