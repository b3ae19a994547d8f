//! The history and the summary of a run.

use std::collections::BTreeMap;

use super::items::{Content, media, plain, values};
use crate::{ImportedRun, proto::fields, run::milliseconds};

/// Reads history records.
#[derive(Default)]
pub struct History {
    /// The step of a record without one.
    next: i64,
    /// The last time.
    ms: i64,
    started_ms: i64,
    /// Values of the summary, by name.
    summary: BTreeMap<String, f64>,
}

impl History {
    /// Sets the start of the run, milliseconds since 1970.
    pub fn start(&mut self, ms: i64) {
        (self.started_ms, self.ms) = (ms, ms);
    }

    /// `HistoryRecord { HistoryItem item = 1; HistoryStep step = 2 { int64 num = 1 } }`.
    pub fn add(&mut self, message: &[u8], run: &mut ImportedRun) {
        let values = values(message, 1);
        let meta =
            |name: &str| values.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.number());
        let step = meta("_step").map_or_else(|| step(message).unwrap_or(self.next), |step| step as i64);
        self.next = step.saturating_add(1);
        let since = || meta("_runtime").and_then(milliseconds).map(|ms| self.started_ms.saturating_add(ms));
        self.ms = meta("_timestamp").and_then(milliseconds).or_else(since).unwrap_or(self.ms);
        for (name, value) in plain(&values) {
            match value {
                Content::Number(value) => run.points.add(name, step, self.ms, *value),
                Content::Text(_) => run.left_out.add("text"),
                Content::Other => run.left_out.add("other value"),
            }
        }
        for kind in media(&values) {
            run.left_out.add(match kind {
                "histogram" => "histogram",
                kind if kind.starts_with("image") || kind == "images/separated" => "image",
                kind if kind.starts_with("table") => "table",
                kind if kind.starts_with("audio") => "audio clip",
                _ => "media object",
            });
        }
    }

    /// `SummaryRecord { SummaryItem update = 1 }`.
    pub fn summary(&mut self, message: &[u8]) {
        let values = values(message, 1);
        let numbers = plain(&values).filter_map(|(name, value)| Some((name.to_owned(), value.number()?)));
        self.summary.extend(numbers);
    }

    /// Adds the values that only the summary has, at the last step. A minimum, maximum or mean that W&B computes of a metric
    /// is left out.
    pub fn finish(self, run: &mut ImportedRun) {
        let last = i64::try_from(run.points.last_step()).unwrap_or(0);
        for (name, value) in self.summary {
            let of = name
                .rsplit_once('.')
                .filter(|(_, kind)| matches!(*kind, "min" | "max" | "mean" | "best" | "last"));
            if !run.points.has(&name) && !of.is_some_and(|(of, _)| run.points.has(of)) {
                run.points.add(&name, last, self.ms, value);
            }
        }
    }
}

fn step(message: &[u8]) -> Option<i64> {
    let (mut found, mut step) = (&[][..], None);
    fields(message, |number, value| {
        if number == 2 {
            found = value.bytes();
        }
    })?;
    fields(found, |number, value| {
        if number == 1 {
            step = Some(value.integer());
        }
    })?;
    step
}
