//! Arms of runs that the user names individually.

use anyhow::Result;
use clip_lab_store::{Reader, RunRow};

/// A run with the name of its arm.
type Labelled = (String, RunRow);

/// The runs of `what` with the names of their arms, and those names in the given order.
///
/// A name selects all runs that have it; any other selector, one run. Runs of the same name form an arm. Two runs of
/// the same name and seed that are both selected by uid form two arms.
///
/// # Errors
/// If no run matches a selector.
pub fn arms(reader: &Reader, runs: &[RunRow], what: &[String]) -> Result<(Vec<Labelled>, Vec<String>)> {
    let mut chosen = Vec::new();
    for selector in what {
        for pick in picks(reader, runs, selector)? {
            if chosen.iter().all(|other: &Pick| other.run.uid != pick.run.uid) {
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

/// A run, and whether it was selected by uid.
struct Pick {
    run: RunRow,
    by_uid: bool,
}

fn picks(reader: &Reader, runs: &[RunRow], selector: &str) -> Result<Vec<Pick>> {
    let named = runs.iter().filter(|run| run.name == selector);
    let named: Vec<Pick> = named.map(|run| Pick { run: run.clone(), by_uid: false }).collect();
    if named.is_empty() { Ok(vec![Pick { run: reader.run(selector)?, by_uid: true }]) } else { Ok(named) }
}

fn label(pick: &Pick, all: &[Pick]) -> String {
    let Pick { run, by_uid } = pick;
    let twin = |other: &&Pick| other.by_uid && other.run.name == run.name && other.run.seed == run.seed;
    match *by_uid && all.iter().filter(twin).count() > 1 {
        true => format!("{}·{}", run.name, &run.uid[run.uid.len().saturating_sub(4)..]),
        false => run.name.clone(),
    }
}
