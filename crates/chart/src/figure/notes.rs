//! Notes of a figure.

use clip_lab_store::Bucket;

use super::{Band, Form, Rows, Scale, Series, View, number};

/// The parts of a figure that notes describe.
pub struct Draft<'a> {
    /// The input rows.
    pub rows: &'a [Rows],
    /// The drawn curves.
    pub series: &'a [Series],
    /// The view settings.
    pub view: &'a View,
    /// The resolved form of the vertical axis.
    pub form: Form,
    /// Number of points above and below the frame.
    pub beyond: (usize, usize),
    /// The horizontal axis.
    pub x: &'a Scale,
}

/// The notes below or above a chart.
pub fn notes(draft: &Draft) -> Vec<String> {
    let mut notes = Vec::from_iter(bad(draft.rows));
    if draft.view.smooth > 0.0 {
        notes.push(format!("smoothed, half-life {} steps", number(draft.view.smooth)));
    }
    match (draft.view.y, draft.form) {
        (Form::Log, Form::Log) => notes.extend(count(draft, |b| b.min <= 0.0)),
        (Form::Log, _) if !draft.rows.is_empty() => {
            notes.push("no value above zero: axis is linear".to_string());
        }
        (Form::Symlog(_), Form::Symlog(threshold)) => {
            notes.push(format!("symlog, linear within ±{}", number(threshold)));
        }
        _ => {}
    }
    let beyond = draft.beyond.0 + draft.beyond.1;
    // A vertical zoom cuts values on purpose.
    notes.extend((beyond > 0 && draft.view.window.is_none()).then(|| format!("{beyond} beyond the axis")));
    let changes = draft.series.iter().any(|series| !series.changes.is_empty());
    notes.extend(changes.then(|| "cut where the number of runs changes".to_string()));
    notes
}

/// Meaning of the shading, if any.
pub fn shaded(draft: &Draft) -> Option<String> {
    let banded = |s: &&Series| s.bands.iter().flatten().any(|(_, low, high)| low < high);
    let several = draft.series.iter().filter(banded).any(|series| series.n > 1);
    let single = draft.series.iter().filter(banded).any(|series| series.n <= 1);
    match (draft.view.band, several, single) {
        (Band::None, ..) | (_, false, false) => None,
        (Band::Interval, true, false) => Some("shaded: 95% interval of the mean over seeds".to_string()),
        (Band::Interval, true, true) => Some(
            "shaded: 95% interval of the mean over seeds; smallest to largest value where n=1".to_string(),
        ),
        _ => Some("shaded: smallest to largest value".to_string()),
    }
}

/// Counts points of curves and bands above and below the frame.
pub fn beyond(series: &[Series], x: &Scale, y: &Scale) -> (usize, usize) {
    let (mut above, mut below) = (0, 0);
    for series in series {
        let lines = series.lines.iter().flatten().map(|(at, value)| (*at, *value, *value));
        let bands = series.bands.iter().flatten().copied();
        let drawn: &mut dyn Iterator<Item = (f64, f64, f64)> =
            if series.bands.is_empty() { &mut lines.into_iter() } else { &mut bands.into_iter() };
        for (_, low, high) in drawn.filter(|(at, ..)| (x.low..=x.high).contains(at)) {
            above += usize::from(high > y.high);
            below += usize::from(low < y.low);
        }
    }
    (above, below)
}

fn bad(rows: &[Rows]) -> Option<String> {
    let affected = rows.iter().filter(|rows| rows.buckets.iter().any(|bucket| bucket.n_bad > 0));
    let first = affected.filter_map(|rows| Some((rows.first_bad_step?, rows))).min_by_key(|(step, _)| *step);
    let (step, rows_of_first) = first?;
    let what = rows_of_first.bad.first().map_or("not finite", |(_, bad)| bad.name());
    let more = rows.iter().flat_map(|r| &r.buckets).map(|b| b.n_bad).sum::<u64>() > 1;
    Some(format!("{what} at step {step}{}", if more { " and later" } else { "" }))
}

fn count(draft: &Draft, test: impl Fn(&Bucket) -> bool) -> Option<String> {
    let visible = |b: &&Bucket| b.n > 0 && b.x1 >= draft.x.low && b.x0 <= draft.x.high;
    let n = draft.rows.iter().flat_map(|r| &r.buckets).filter(visible).filter(|b| test(b)).count();
    (n > 0).then(|| format!("{n} at or below zero, not on a log axis"))
}
