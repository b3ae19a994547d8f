//! Display names of metrics, with their unit and an arrow towards better values if the metric declares a direction.

use clip_lab_store::Goal;

/// Display properties of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Display name, such as `test t2i hit@1`.
    pub name: String,
    /// Unit, such as `%` or `s`; may be empty.
    pub unit: String,
    /// Factor on stored values: 100 for shares.
    pub factor: f64,
    /// Whether higher or lower is better, as its evaluator declares.
    pub goal: Goal,
}

impl Measure {
    /// The properties of metric `name` with its stored unit and goal.
    pub fn new(name: &str, unit: &str, goal: Goal) -> Measure {
        let last = name.rsplit('/').next().unwrap_or(name);
        let seconds = last.ends_with("_s") && !last.ends_with("_per_s");
        let (unit, factor) = match unit {
            "" if is_share(last) => ("%", 100.0),
            "" if seconds || last == "seconds" => ("s", 1.0),
            recorded => (recorded, 1.0),
        };
        Measure { name: readable(name), unit: unit.to_string(), factor, goal }
    }

    /// `test t2i hit@1 (%) ↑`.
    pub fn title(&self) -> String {
        format!("{}{}{}", self.name, self.in_unit(), self.arrow())
    }

    /// ` (%)`, or nothing.
    pub fn in_unit(&self) -> String {
        if self.unit.is_empty() { String::new() } else { format!(" ({})", self.unit) }
    }

    /// ` ↑`, ` ↓`, or nothing.
    pub fn arrow(&self) -> &'static str {
        match self.goal {
            Goal::Up => " ↑",
            Goal::Down => " ↓",
            Goal::None => "",
        }
    }

    /// The range of displayed values, if known; intervals are clamped to it.
    pub fn limits(&self) -> Option<(f64, f64)> {
        (self.unit == "%" && self.factor == 100.0).then_some((0.0, 100.0))
    }

    /// The common properties of metrics on one axis; no unit if theirs differ.
    pub fn together(all: &[Measure], heading: &str) -> Measure {
        let Some(first) = all.first() else { return Measure::new(heading, "", Goal::None) };
        let same = all.iter().all(|measure| measure.unit == first.unit && measure.factor == first.factor);
        let goal = if all.iter().all(|measure| measure.goal == first.goal) { first.goal } else { Goal::None };
        let name = if all.len() == 1 { first.name.clone() } else { readable(heading) };
        match same {
            true => Measure { name, goal, ..first.clone() },
            false => Measure { name, unit: String::new(), factor: 1.0, goal },
        }
    }
}

/// The quantity of a metric, from its unit or name; empty if unknown. Metrics of different quantities do not share an axis.
pub fn quantity(name: &str, unit: &str) -> String {
    let measure = Measure::new(name, unit, Goal::None);
    if !measure.unit.is_empty() {
        return measure.unit;
    }
    let quantities = ["loss", "lr", "rank", "norm", "scale", "temperature"];
    let parts = || name.split('/').rev().flat_map(|part| part.rsplit('_'));
    match name.rsplit('/').next().filter(|last| last.contains("_per_")) {
        Some(rate) => rate.to_string(),
        None => parts().find(|word| quantities.contains(word)).unwrap_or_default().to_string(),
    }
}

/// Splits metrics into those with the quantity of the first, and those that need another axis.
pub fn one_axis<'m>(
    metrics: impl Iterator<Item = (&'m str, &'m str)>,
) -> (Vec<&'m str>, Vec<(&'m str, String)>) {
    let all: Vec<(&str, String)> = metrics.map(|(name, unit)| (name, quantity(name, unit))).collect();
    let first = all.first().map(|(_, quantity)| quantity.clone()).unwrap_or_default();
    let (same, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, quantity)| *quantity == first);
    (same.into_iter().map(|(name, _)| name).collect(), others)
}

/// Whether values are shares from 0 to 1.
fn is_share(last: &str) -> bool {
    let counted = |start: &str| last.strip_prefix(start).is_some_and(|k| k.parse::<u32>().is_ok());
    ["hit@", "recall@", "top"].into_iter().any(counted)
        || ["accuracy", "mean_per_class", "mfu"].contains(&last)
}

/// `test/ema/retrieval/t2i/hit@1` as `test t2i hit@1, EMA`.
fn readable(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    let ema = parts.iter().skip(1).any(|part| *part == "ema");
    let omitted = ["retrieval", "classification", "ema"];
    let shown = parts.iter().enumerate().filter(|(at, part)| *at == 0 || !omitted.contains(part));
    let parts: Vec<String> = shown.map(|(_, part)| readable_part(part)).collect();
    parts.join(" ") + if ema { ", EMA" } else { "" }
}

fn readable_part(part: &str) -> String {
    let part = part.replace(['{', '}'], "");
    match part.as_str() {
        "lr" => "learning rate".to_string(),
        "zero_shot" => "zero-shot".to_string(),
        "mfu" => "MFU".to_string(),
        "flops_per_s" => "FLOP/s".to_string(),
        // The standard term, and a setting.
        "logit_scale" => part,
        _ if part.ends_with("_s") && !part.ends_with("_per_s") => {
            part.trim_end_matches("_s").replace('_', " ")
        }
        _ => match part.strip_prefix("top").filter(|k| k.parse::<u32>().is_ok()) {
            Some(k) => format!("top-{k}"),
            None => part.replace('_', " "),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_named_as_in_a_paper() {
        let title = |name: &str, goal| Measure::new(name, "", goal).title();
        assert_eq!(title("test/retrieval/t2i/hit@1", Goal::Up), "test t2i hit@1 (%) ↑");
        assert_eq!(title("test/ema/classification/top1", Goal::Up), "test top-1, EMA (%) ↑");
        assert_eq!(title("val/zero_shot/top5", Goal::Up), "val zero-shot top-5 (%) ↑");
        assert_eq!(title("train/loss", Goal::Down), "train loss ↓");
        assert_eq!(title("train/lr", Goal::None), "train learning rate");
        assert_eq!(title("time/data_wait_s", Goal::None), "time data wait (s)");
        assert_eq!(title("test/retrieval/i2t/mean_rank", Goal::Down), "test i2t mean rank ↓");
        assert_eq!(Measure::new("gpu/memory", "GiB", Goal::Down).title(), "gpu memory (GiB) ↓");
    }

    #[test]
    fn a_metric_without_a_declared_direction_has_no_arrow() {
        for name in ["train/loss", "val/zero_shot/top1", "my/mean_rank"] {
            assert_eq!(Measure::new(name, "", Goal::None).arrow(), "", "{name}");
        }
    }

    #[test]
    fn metrics_of_different_quantities_share_no_axis() {
        let of = |names: &[&'static str]| {
            let (same, others) = one_axis(names.iter().map(|name| (*name, "")));
            (same.len(), others.len())
        };
        assert_eq!(of(&["train/loss", "val/loss", "train/lr"]), (2, 1));
        assert_eq!(of(&["val/retrieval/t2i/hit@1", "val/zero_shot/top1", "val/seconds"]), (2, 1));
        assert_eq!(of(&["time/data_wait_s", "time/update_s"]), (2, 0));
        assert_eq!(of(&["train/lr/image.0", "train/lr/text.head"]), (2, 0));
        assert_eq!(of(&["speed/pairs_per_s", "speed/flops_per_s"]), (1, 1));
        assert_eq!(of(&["my/own", "my/other"]), (2, 0), "unknown quantities may share an axis");
        assert_eq!(quantity("gpu/memory", "GiB"), "GiB");
        assert_eq!(of(&[]), (0, 0));
    }

    #[test]
    fn metrics_of_one_unit_share_an_axis() {
        let of = |name: &str| Measure::new(name, "", Goal::Up);
        let both = [of("val/retrieval/t2i/hit@1"), of("val/retrieval/i2t/hit@1")];
        let together = Measure::together(&both, "val/retrieval/{t2i, i2t}/hit@1");
        assert_eq!((together.title().as_str(), together.factor), ("val t2i, i2t hit@1 (%) ↑", 100.0));
        let mixed = Measure::together(
            &[of("train/loss"), of("val/zero_shot/top1")],
            "train/loss, val/zero_shot/top1",
        );
        assert_eq!(mixed.factor, 1.0);
    }
}
