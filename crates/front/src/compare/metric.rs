//! Which metrics to compare by.

use anyhow::{Result, bail};
use clip_lab_cli::{CompareArgs, Weights};
use clip_lab_store::{Reader, RunRow};

use super::select::Selection;
pub use clip_lab_board::ranked::Metric;

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
    fn weights_are_part_of_the_name() {
        let (raw, ema) = ("test/zero_shot/top1", "test/ema/zero_shot/top1");
        for name in [raw, ema] {
            assert_eq!(of_weights(name, Some(Weights::Raw)), raw);
            assert_eq!(of_weights(name, Some(Weights::Ema)), ema);
            assert_eq!(of_weights(name, None), name);
        }
    }
}
