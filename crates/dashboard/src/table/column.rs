//! The columns of the table of runs.

use clip_lab_store::{Goal, SeriesRow, Status};

use super::{diff_columns::short_key, sort::Value};
use crate::data::{Run, Scores};

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Col {
    /// Name, in its colour on the charts, with a symbol if pinned or drawn.
    Name,
    /// Its status.
    Status,
    /// Its progress, as a bar.
    Progress,
    /// Step and total steps.
    Step,
    /// The goal metric's last value.
    Last,
    /// Half the width of its interval.
    Interval,
    /// Its best value.
    Best,
    /// Its trend.
    Trend,
    /// The training loss.
    Loss,
    /// Image-text pairs per second.
    Pairs,
    /// The time left, or the time it took.
    Time,
    /// The study.
    Study,
    /// The arm.
    Arm,
    /// The seed.
    Seed,
    /// A setting by its key.
    Setting(String),
    /// Epochs done.
    Epoch,
    /// Why it ended.
    Reason,
}

/// The columns that every table has, before and after the settings.
const BEFORE: [Col; 11] = [
    Col::Name,
    Col::Status,
    Col::Progress,
    Col::Step,
    Col::Last,
    Col::Interval,
    Col::Best,
    Col::Trend,
    Col::Loss,
    Col::Pairs,
    Col::Time,
];
const AFTER: [Col; 5] = [Col::Study, Col::Arm, Col::Seed, Col::Epoch, Col::Reason];

/// All columns, with the settings of `keys` among them.
pub fn columns(keys: &[String]) -> Vec<Col> {
    let settings = keys.iter().cloned().map(Col::Setting);
    BEFORE.into_iter().chain(settings).chain(AFTER).collect()
}

impl Col {
    /// The value of `run` to sort by.
    pub fn value(&self, run: &Run, scores: &Scores) -> Value {
        let row = &run.row;
        let goal = run.goal();
        match self {
            Col::Name => Value::text(Some(&run.name)),
            Col::Status => {
                Value::Number(Status::ALL.iter().position(|s| *s == row.status).unwrap_or(0) as f64)
            }
            Col::Progress => {
                Value::number(row.total_steps.map(|total| row.step as f64 / total.max(1) as f64))
            }
            Col::Step => Value::Number(row.step as f64),
            Col::Last => Value::number(goal.and_then(|series| series.last)),
            Col::Interval => Value::number(half_width(run, scores)),
            Col::Best | Col::Trend => Value::number(goal.and_then(best)),
            Col::Loss => Value::number(run.metric("train/loss").and_then(|series| series.last)),
            Col::Pairs => Value::number(run.pairs_per_second()),
            Col::Time => Value::Number(row.active_ms as f64),
            Col::Study => Value::text(row.study.as_deref()),
            Col::Arm => Value::text(row.arm.as_deref()),
            Col::Seed => Value::Number(row.seed as f64),
            Col::Setting(key) => match setting(run, key).map(|value| value.parse::<f64>().map_err(|_| value))
            {
                Some(Ok(number)) => Value::number(Some(number)),
                Some(Err(text)) => Value::text(Some(text)),
                None => Value::Missing,
            },
            Col::Epoch => Value::number(Some(row.epoch)),
            Col::Reason => Value::text(row.reason.as_deref()),
        }
    }

    /// Whether sorting by it starts with the largest value: the best of a metric that should be high, the furthest
    /// progress.
    pub fn starts_descending(&self, runs: &[Run]) -> bool {
        let up = || runs.iter().filter_map(Run::goal).all(|series| series.goal != Goal::Down);
        match self {
            Col::Last | Col::Best | Col::Trend => up(),
            Col::Progress | Col::Step | Col::Pairs | Col::Epoch => true,
            _ => false,
        }
    }

    /// Its name, in commands and on the border of the panel.
    pub fn name(&self, keys: &[String]) -> String {
        match self {
            Col::Setting(key) => short_key(key, keys),
            Col::Name => "run".to_string(),
            Col::Pairs => "pairs/s".to_string(),
            Col::Interval => "interval".to_string(),
            other => format!("{other:?}").to_lowercase(),
        }
    }
}

/// The best value; the last one if the metric has no better direction.
pub fn best(series: &SeriesRow) -> Option<f64> {
    series.best().map(|(value, _)| value).or(series.last)
}

/// Half the width of the goal's interval.
pub fn half_width(run: &Run, scores: &Scores) -> Option<f64> {
    let score = scores.get(&(run.row.id, run.row.goal_metric.clone()?))?;
    score.interval.map(|interval| (interval.high - interval.low) / 2.0)
}

/// A setting for display.
pub fn setting<'a>(run: &'a Run, key: &str) -> Option<&'a str> {
    run.details.settings.get(key).map(|value| value.trim_matches('"')).filter(|value| *value != "null")
}
