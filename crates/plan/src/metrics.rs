//! The metrics that a run will record, `SPLIT/SUITE/.../METRIC`: of every evaluator on its splits, and with `ema` behind the
//! split where a trick averages the weights.

use clip_lab_api::{
    Metric, Planned, Trick,
    problem::{Place, Problem, nearest},
};

use super::{EvalPlan, Plan, Split};

impl Plan {
    /// What the evaluators declare of a recorded metric.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        let (_, rest) = name.split_once('/')?;
        let rest = rest.strip_prefix("ema/").unwrap_or(rest);
        self.evals.iter().flat_map(|eval| &eval.evaluator.facts.metrics).find(|metric| metric.name == rest)
    }
}

/// A problem, at `place`, when no evaluator reports `metric`; `what` names it, such as `[run].goal`.
pub fn unreported(
    metric: &str,
    what: &str,
    evals: &[EvalPlan],
    tricks: &[Planned<dyn Trick>],
    place: Option<Place>,
) -> Option<Problem> {
    let averages = tricks.iter().any(|trick| trick.facts.averages);
    let known = names(evals, averages);
    let (split, rest) = metric.split_once('/')?;
    let family = rest.strip_prefix("ema/").unwrap_or(rest).split('/').next()?;
    let mine =
        |eval: &&EvalPlan| eval.evaluator.name == family && eval.on.iter().any(|on| on.as_str() == split);
    let evaluator = evals.iter().find(mine);
    // What an evaluator does not declare cannot be refused.
    let undeclared = evaluator.is_some_and(|eval| eval.evaluator.facts.metrics.is_empty());
    if known.iter().any(|name| name == metric) || (undeclared && (averages || !rest.starts_with("ema/"))) {
        return None;
    }
    let words = match evaluator {
        Some(_) => format!("{what}: no [[eval]] reports `{metric}`"),
        None => format!("{what}: no [[eval]] reports `{family}` on {split}"),
    };
    let help = match evaluator {
        Some(_) if rest.starts_with("ema/") && !averages => {
            "no trick averages the weights: add [[trick]] with `plugin = \"ema\"`, or leave `ema/` out"
                .to_owned()
        }
        Some(_) => {
            let suite = known.iter().filter(|name| name.starts_with(&format!("{split}/{family}/")));
            format!("known: {}", suite.map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        None => format!("add [[eval]] with `plugin = \"{family}\"`, or name a metric of one that is there"),
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let near = nearest(metric, &known).map(|near| format!("did you mean `{near}`?"));
    let problem = Problem { place, ..Problem::new(words) };
    let (label, help) = match (near, &problem.place) {
        (Some(near), None) => (String::new(), format!("{near} {help}")),
        (near, _) => (near.unwrap_or_default(), help),
    };
    Some(problem.label(label).help(help))
}

/// Every metric that is declared, by its recorded name, and the seconds that an evaluation takes.
fn names(evals: &[EvalPlan], averages: bool) -> Vec<String> {
    let kinds: &[&str] = if averages { &["", "ema/"] } else { &[""] };
    let mut names = Vec::new();
    for split in [Split::Val, Split::Test].map(Split::as_str) {
        let here = evals.iter().filter(|eval| eval.on.iter().any(|on| on.as_str() == split));
        let metrics: Vec<&str> =
            here.flat_map(|eval| &eval.evaluator.facts.metrics).map(|metric| metric.name.as_str()).collect();
        for kind in kinds {
            names.extend(metrics.iter().chain(&["seconds"]).map(|metric| format!("{split}/{kind}{metric}")));
        }
    }
    names
}
