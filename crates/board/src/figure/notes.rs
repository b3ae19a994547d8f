//! What a reader must know about a drawing, in words.

use clip_lab_store::Bucket;

use super::{Band, Form, Rows, Scale, Series, View, number};

/// A figure that is nearly done.
pub struct Seen<'a> {
    /// What was read.
    pub rows: &'a [Rows],
    /// What is drawn.
    pub series: &'a [Series],
    /// What was asked for.
    pub view: &'a View,
    /// The form the vertical axis has got.
    pub form: Form,
    /// How many places are above and below the frame.
    pub beyond: (usize, usize),
    /// The horizontal axis.
    pub x: &'a Scale,
}

/// What stands under a chart, or above it.
pub fn notes(seen: &Seen) -> Vec<String> {
    let mut notes = Vec::from_iter(bad(seen.rows));
    if seen.view.smooth > 0.0 {
        notes.push(format!("smoothed, half-life {} steps", number(seen.view.smooth)));
    }
    match (seen.view.y, seen.form) {
        (Form::Log, Form::Log) => notes.extend(count(seen, |b| b.min <= 0.0)),
        (Form::Log, _) if !seen.rows.is_empty() => {
            notes.push("no value above zero: axis is linear".to_string());
        }
        (Form::Symlog(_), Form::Symlog(threshold)) => {
            notes.push(format!("symlog, linear within ±{}", number(threshold)));
        }
        _ => {}
    }
    let beyond = seen.beyond.0 + seen.beyond.1;
    // Who zooms knows that more is outside.
    notes.extend((beyond > 0 && seen.view.window.is_none()).then(|| format!("{beyond} beyond the axis")));
    let changes = seen.series.iter().any(|series| !series.changes.is_empty());
    notes.extend(changes.then(|| "cut where the number of runs changes".to_string()));
    notes
}

/// What the shading means, where there is any.
pub fn shaded(seen: &Seen) -> Option<String> {
    let banded = |s: &&Series| s.bands.iter().flatten().any(|(_, low, high)| low < high);
    let several = seen.series.iter().filter(banded).any(|series| series.n > 1);
    let single = seen.series.iter().filter(banded).any(|series| series.n <= 1);
    match (seen.view.band, several, single) {
        (Band::None, ..) | (_, false, false) => None,
        (Band::Interval, true, false) => Some("shaded: 95% interval of the mean over seeds".to_string()),
        (Band::Interval, true, true) => Some(
            "shaded: 95% interval of the mean over seeds; smallest to largest value where n=1".to_string(),
        ),
        _ => Some("shaded: smallest to largest value".to_string()),
    }
}

/// How many places of the curves and their bands lie above and below the frame.
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
    let seen = rows.iter().filter(|rows| rows.buckets.iter().any(|bucket| bucket.n_bad > 0));
    let first = seen.filter_map(|rows| Some((rows.first_bad_step?, rows))).min_by_key(|(step, _)| *step);
    let (step, rows_of_first) = first?;
    let what = rows_of_first.bad.first().map_or("not finite", |(_, bad)| bad.name());
    let more = rows.iter().flat_map(|r| &r.buckets).map(|b| b.n_bad).sum::<u64>() > 1;
    Some(format!("{what} at step {step}{}", if more { " and later" } else { "" }))
}

fn count(seen: &Seen, test: impl Fn(&Bucket) -> bool) -> Option<String> {
    let visible = |b: &&Bucket| b.n > 0 && b.x1 >= seen.x.low && b.x0 <= seen.x.high;
    let n = seen.rows.iter().flat_map(|r| &r.buckets).filter(visible).filter(|b| test(b)).count();
    (n > 0).then(|| format!("{n} at or below zero, not on a log axis"))
}
