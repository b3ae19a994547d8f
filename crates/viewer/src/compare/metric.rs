//! The metrics to compare.

use anyhow::{Result, bail};
use clip_lab_cli::{CompareArgs, Weights};
use clip_lab_store::{Reader, RunRow};

use super::select::Selection;
pub use clip_lab_chart::ranked::Metric;

/// The metrics to compare: of `--metric`, of the study, or the goal metric of the runs on the test split.
///
/// # Errors
/// If there is none.
pub fn metrics(reader: &Reader, selection: &Selection, args: &CompareArgs) -> Result<Vec<Metric>> {
    let names = match (&args.metric[..], &selection.metric) {
        ([], Some(metric)) => vec![metric.clone()],
        ([], None) => vec![goal(reader, selection)?],
        (named, _) => named.to_vec(),
    };
    Ok(names.iter().map(|name| Metric::new(&of_weights(name, args.weights))).collect())
}

fn goal(reader: &Reader, selection: &Selection) -> Result<String> {
    let runs: Vec<&RunRow> = selection.arms.iter().flat_map(|arm| &arm.runs).collect();
    let Some(goal) = runs.iter().find_map(|run| run.goal_metric.clone()) else {
        bail!("none of these runs has a goal metric: name a metric with --metric");
    };
    let on_test = goal.split_once('/').map_or_else(|| goal.clone(), |(_, rest)| format!("test/{rest}"));
    for run in runs {
        if reader.series(run.id)?.iter().any(|series| series.name == on_test) {
            return Ok(on_test);
        }
    }
    Ok(goal)
}

/// The metric for other weights.
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
