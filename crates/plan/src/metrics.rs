//! The metrics that a run will record, `SPLIT/SUITE/.../METRIC`: of every evaluator on its splits, and with `ema` after the
//! split for averaged weights.

use clip_lab_plugin_api::{
    Metric, Planned, Trick,
    diagnostics::{Place, Problem, suggest},
};

use super::{EvalPlan, Plan, Split};

impl Plan {
    /// The evaluators' declaration of a recorded metric.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        let (_, rest) = name.split_once('/')?;
        let rest = rest.strip_prefix("ema/").unwrap_or(rest);
        self.evals
            .iter()
            .flat_map(|eval| &eval.evaluator.properties.metrics)
            .find(|metric| metric.name == rest)
    }
}

/// A problem at `place` if no evaluator reports `metric`; `what` names the setting, such as `[run].goal`.
pub fn unreported(
    metric: &str,
    what: &str,
    evals: &[EvalPlan],
    tricks: &[Planned<dyn Trick>],
    place: Option<Place>,
) -> Option<Problem> {
    let averages = tricks.iter().any(|trick| trick.properties.averages);
    let known = names(evals, averages);
    let (split, rest) = metric.split_once('/')?;
    let family = rest.strip_prefix("ema/").unwrap_or(rest).split('/').next()?;
    let mine =
        |eval: &&EvalPlan| eval.evaluator.name == family && eval.on.iter().any(|on| on.as_str() == split);
    let evaluator = evals.iter().find(mine);
    // An evaluator without declared metrics may report any.
    let undeclared = evaluator.is_some_and(|eval| eval.evaluator.properties.metrics.is_empty());
    if known.iter().any(|name| name == metric) || (undeclared && (averages || !rest.starts_with("ema/"))) {
        return None;
    }
    let message = match evaluator {
        Some(_) => format!("{what}: no [[eval]] reports `{metric}`"),
        None => format!("{what}: no [[eval]] reports `{family}` on {split}"),
    };
    let help = match evaluator {
        Some(_) if rest.starts_with("ema/") && !averages => {
            "no trick averages the weights: add [[trick]] with `plugin = \"ema\"`, or remove `ema/`"
                .to_owned()
        }
        Some(_) => {
            let suite = known.iter().filter(|name| name.starts_with(&format!("{split}/{family}/")));
            format!("known: {}", suite.map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        None => format!("add [[eval]] with `plugin = \"{family}\"`, or choose a metric of another one"),
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let suggestion = suggest(metric, &known).map(|name| format!("did you mean `{name}`?"));
    let problem = Problem { place, ..Problem::new(message) };
    let (label, help) = match (suggestion, &problem.place) {
        (Some(suggestion), None) => (String::new(), format!("{suggestion} {help}")),
        (suggestion, _) => (suggestion.unwrap_or_default(), help),
    };
    Some(problem.label(label).help(help))
}

/// The recorded name of every declared metric, and the seconds of each evaluation.
fn names(evals: &[EvalPlan], averages: bool) -> Vec<String> {
    let kinds: &[&str] = if averages { &["", "ema/"] } else { &[""] };
    let mut names = Vec::new();
    for split in [Split::Val, Split::Test].map(Split::as_str) {
        let here = evals.iter().filter(|eval| eval.on.iter().any(|on| on.as_str() == split));
        let metrics: Vec<&str> = here
            .flat_map(|eval| &eval.evaluator.properties.metrics)
            .map(|metric| metric.name.as_str())
            .collect();
        for kind in kinds {
            names.extend(metrics.iter().chain(&["seconds"]).map(|metric| format!("{split}/{kind}{metric}")));
        }
    }
    names
}
