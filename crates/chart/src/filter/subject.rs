//! Lookup of names in a run.

use std::borrow::Cow;

use clip_lab_store::{RunDetails, RunRow, SeriesRow, Status};

/// A run with all data that a filter may use.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its row in the store.
    pub row: &'a RunRow,
    /// Its settings, tags and notes.
    pub details: &'a RunDetails,
    /// Its metrics.
    pub series: &'a [SeriesRow],
}

/// Which value of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// The last finite one.
    Last,
    /// The best by its goal; the last if it has none.
    Best,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// The result of looking up a name in a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'a> {
    /// Texts, any of which may match.
    Texts(Vec<Cow<'a, str>>),
    /// A number.
    Number(f64),
    /// No such name.
    Missing,
    /// Several names end in it.
    Ambiguous(Vec<&'a str>),
}

/// Fields that every run has.
pub const FIELDS: [&str; 18] = [
    "name", "uid", "study", "arm", "tag", "note", "status", "reason", "host", "goal", "seed", "step",
    "steps", "epoch", "samples", "progress", "attempt", "seconds",
];
/// Groups of statuses.
pub const STATUS_GROUPS: [&str; 2] = ["live", "ended"];

impl<'a> Subject<'a> {
    /// The texts that a bare word is searched in.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> {
        let row = self.row;
        let own = [Some(&row.name), Some(&row.uid), row.study.as_ref(), row.arm.as_ref()];
        own.into_iter().flatten().chain(&self.details.tags).chain(&self.details.notes).map(String::as_str)
    }

    /// Looks up `name`.
    pub fn find(&self, name: &str, statistic: Statistic) -> Found<'a> {
        self.field(name)
            .or_else(|| self.setting(name))
            .or_else(|| self.metric(name, statistic))
            .unwrap_or_else(|| match self.ends(name)[..] {
                [] => Found::Missing,
                ref names => Found::Ambiguous(names.to_vec()),
            })
    }

    /// Whether `name` exists, or is a prefix of names, such as a table of settings.
    pub fn has(&self, name: &str) -> bool {
        match self.find(name, Statistic::Last) {
            Found::Texts(texts) => texts.iter().any(|text| !text.is_empty() && text != "null"),
            Found::Number(_) | Found::Ambiguous(_) => true,
            Found::Missing => {
                let below =
                    |key: &str, sign| key.strip_prefix(name).is_some_and(|rest| rest.starts_with(sign));
                self.details.settings.keys().any(|key| below(key, '.'))
                    || self
                        .series
                        .iter()
                        .any(|s| below(&s.name, '/') || s.name.contains(&format!("/{name}/")))
            }
        }
    }

    fn field(&self, name: &str) -> Option<Found<'a>> {
        let row = self.row;
        let one = |text: &'a str| Found::Texts(vec![Cow::Borrowed(text)]);
        let some =
            |text: &'a Option<String>| Found::Texts(text.iter().map(|t| Cow::Borrowed(t.as_str())).collect());
        let all =
            |texts: &'a [String]| Found::Texts(texts.iter().map(|t| Cow::Borrowed(t.as_str())).collect());
        Some(match name {
            "name" => one(&row.name),
            "uid" => one(&row.uid),
            "study" => some(&row.study),
            "arm" => some(&row.arm),
            "tag" | "tags" => all(&self.details.tags),
            "note" | "notes" => all(&self.details.notes),
            "reason" => some(&row.reason),
            "host" => one(&row.host),
            "goal" => some(&row.goal_metric),
            "status" => status_texts(row.status),
            "seed" => Found::Number(row.seed as f64),
            "step" => Found::Number(row.step as f64),
            "steps" => row.total_steps.map_or(Found::Missing, |total| Found::Number(total as f64)),
            "epoch" => Found::Number(row.epoch),
            "samples" => Found::Number(row.samples as f64),
            "attempt" => Found::Number(f64::from(row.attempt)),
            "seconds" => Found::Number(row.active_ms as f64 / 1000.0),
            "progress" => match row.total_steps {
                Some(total) if total > 0 => Found::Number(row.step as f64 / total as f64),
                _ => Found::Missing,
            },
            _ => return None,
        })
    }

    fn setting(&self, name: &str) -> Option<Found<'a>> {
        let settings = &self.details.settings;
        let by_end = || match self.settings_ending(name)[..] {
            [key] => settings.get(key),
            _ => None,
        };
        settings.get(name).or_else(by_end).map(|value| setting_value(value))
    }

    fn metric(&self, name: &str, statistic: Statistic) -> Option<Found<'a>> {
        let goal = self.row.goal_metric.as_deref().filter(|goal| ends(goal, name, '/'));
        let ending = self.metrics_ending(name);
        let only = ending.first().filter(|_| ending.len() == 1).copied();
        let whole = [Some(name), goal, only];
        let series =
            whole.into_iter().flatten().find_map(|name| self.series.iter().find(|s| s.name == name))?;
        let value = match statistic {
            Statistic::Last => series.last,
            Statistic::Best => series.best().map(|(value, _)| value).or(series.last),
            Statistic::Min => series.min,
            Statistic::Max => series.max,
        };
        Some(value.map_or(Found::Missing, Found::Number))
    }

    fn settings_ending(&self, name: &str) -> Vec<&'a str> {
        self.details.settings.keys().map(String::as_str).filter(|key| ends(key, name, '.')).collect()
    }

    fn metrics_ending(&self, name: &str) -> Vec<&'a str> {
        self.series.iter().map(|s| s.name.as_str()).filter(|metric| ends(metric, name, '/')).collect()
    }

    fn ends(&self, name: &str) -> Vec<&'a str> {
        [self.settings_ending(name), self.metrics_ending(name)].concat()
    }
}

/// The name of a status in both spellings, and its group.
pub fn status_texts(status: Status) -> Found<'static> {
    let word = status.as_str();
    let group = STATUS_GROUPS[usize::from(!status.is_live())];
    Found::Texts(vec![Cow::Borrowed(word), Cow::Owned(word.replace('_', "-")), Cow::Borrowed(group)])
}

/// Whether the last components of `whole` are `end`.
fn ends(whole: &str, end: &str, sign: char) -> bool {
    whole.strip_suffix(end).is_some_and(|before| before.ends_with(sign)) && !end.is_empty()
}

/// A setting as written in a filter: JSON without quotes.
fn setting_value(json: &str) -> Found<'_> {
    match json.parse::<f64>() {
        Ok(number) => Found::Number(number),
        Err(_) => Found::Texts(vec![Cow::Borrowed(json.trim_matches('"'))]),
    }
}
