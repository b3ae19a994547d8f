//! Rows of the store become a figure.

use clip_lab_store::{Axis, Bucket};

use super::{
    Bad, Figure, Ruler, Scale, Series, Unit, number, smooth,
    x::{self, middle},
};

/// One series as it was read: its buckets in the order of the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The direct label.
    pub name: String,
    /// Which colour of the palette.
    pub colour: usize,
    /// Which line style.
    pub dash: usize,
    /// Length of a step on the axis: 1 for steps, seconds a step for time.
    pub per_step: f64,
    /// What the values are that are not finite, where there are any.
    pub bad: Bad,
    /// The step of the first of them.
    pub first_bad_step: Option<u64>,
    /// What was recorded.
    pub buckets: Vec<Bucket>,
}

/// How rows are to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct View {
    /// The horizontal axis the buckets were read for.
    pub x: Axis,
    /// Whether the vertical axis is logarithmic.
    pub log: bool,
    /// Half-life of the smoothing, in steps; zero for none.
    pub smooth: f64,
}

/// The figure of `rows`: lines split where a value is missing, bands, marks, and axes that hold them.
pub fn figure(title: &str, rows: &[Rows], view: View) -> Figure {
    let positive = rows.iter().flat_map(|r| &r.buckets).any(|b| b.n > 0 && b.max > 0.0);
    let log = view.log && positive;
    let series: Vec<Series> = rows.iter().map(|rows| series(rows, log, view.smooth)).collect();
    let (horizontal, y) = (x_scale(rows), y_scale(&series, log));
    let mut notes = Vec::from_iter(bad_note(rows));
    if view.smooth > 0.0 {
        notes.push(format!("smoothed, half-life {} steps", number(view.smooth)));
    }
    if log {
        notes.extend(count_note(rows, |b| b.min <= 0.0, "at or below zero, not on a log axis"));
    } else if view.log && !rows.is_empty() {
        notes.push("no value above zero: axis is linear".to_string());
    }
    notes.extend(count_note(rows, |b| b.max > y.high || (!log && b.min < y.low), "beyond the axis"));
    Figure {
        title: title.to_string(),
        x: Ruler { title: x::title(view.x).to_string(), scale: horizontal, unit: x::unit(view.x) },
        y: Ruler { title: title.to_string(), scale: y, unit: Unit::Number },
        series,
        notes,
    }
}

fn series(rows: &Rows, log: bool, half_life: f64) -> Series {
    let smoothed = smooth(&rows.buckets, half_life * rows.per_step);
    let drawable = |value: f64| value.is_finite() && (!log || value > 0.0);
    let (mut lines, mut bands) = (vec![Vec::new()], vec![Vec::new()]);
    for (bucket, mean) in rows.buckets.iter().zip(smoothed) {
        let known = bucket.n > 0 && middle(bucket).is_finite();
        if known && drawable(mean) && drawable(bucket.max) {
            push(&mut lines, (middle(bucket), mean));
            // A band that reaches zero still shows its upper half on a logarithmic axis.
            let low = if drawable(bucket.min) { bucket.min } else { mean };
            push(&mut bands, (middle(bucket), low, bucket.max));
        }
        if !known || bucket.n_bad > 0 || !drawable(mean) {
            lines.push(Vec::new());
            bands.push(Vec::new());
        }
    }
    lines.retain(|line| !line.is_empty());
    bands.retain(|band| !band.is_empty());
    let bad =
        rows.buckets.iter().filter(|b| b.n_bad > 0 && b.x0.is_finite()).map(|b| (b.x1, rows.bad)).collect();
    let last = rows.buckets.iter().rev().find(|b| b.n > 0).map(|b| b.last);
    Series { name: rows.name.clone(), colour: rows.colour, dash: rows.dash, lines, bands, bad, last }
}

fn push<T>(pieces: &mut [Vec<T>], item: T) {
    if let Some(piece) = pieces.last_mut() {
        piece.push(item);
    }
}

fn x_scale(rows: &[Rows]) -> Scale {
    let (low, high) = extent(rows.iter().flat_map(|r| &r.buckets).flat_map(|b| [b.x0, b.x1]));
    // A run begins at zero; only a series that is far from it (a late evaluation) gets its own start.
    let low = if low >= 0.0 && low <= high * 0.5 { 0.0 } else { low };
    if low == high && low >= 0.0 {
        Scale::over(0.0, low.max(1.0), false)
    } else {
        Scale::over(low, high, false)
    }
}

/// Holds every line, and the bands but for their most extreme hundredth: those leave the frame and are counted.
fn y_scale(series: &[Series], log: bool) -> Scale {
    let lines = extent(series.iter().flat_map(|s| s.lines.iter().flatten()).map(|(_, y)| *y));
    let mut ends: Vec<f64> = series
        .iter()
        .flat_map(|s| s.bands.iter().flatten())
        .flat_map(|(_, low, high)| [*low, *high])
        .collect();
    ends.sort_by(f64::total_cmp);
    if ends.is_empty() {
        return Scale::over(lines.0, lines.1, log);
    }
    let at = |share: f64| ends[((ends.len() - 1) as f64 * share).round() as usize];
    Scale::over(lines.0.min(at(0.01)), lines.1.max(at(0.99)), log).padded(0.04)
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|v| v.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

fn bad_note(rows: &[Rows]) -> Option<String> {
    let seen = rows.iter().filter(|rows| rows.buckets.iter().any(|bucket| bucket.n_bad > 0));
    let (step, bad) =
        seen.filter_map(|rows| Some((rows.first_bad_step?, rows.bad))).min_by_key(|(step, _)| *step)?;
    let more = if rows.iter().flat_map(|r| &r.buckets).map(|b| b.n_bad).sum::<u64>() > 1 {
        " and later"
    } else {
        ""
    };
    Some(format!("{} at step {step}{more}", bad.name()))
}

fn count_note(rows: &[Rows], test: impl Fn(&Bucket) -> bool, words: &str) -> Option<String> {
    let n = rows.iter().flat_map(|r| &r.buckets).filter(|b| b.n > 0 && test(b)).count();
    (n > 0).then(|| format!("{n} {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, value: f64) -> Bucket {
        Bucket {
            x0: x,
            x1: x,
            min: value,
            max: value,
            mean: value,
            first: value,
            last: value,
            n: 1,
            n_bad: 0,
        }
    }

    fn nan(x: f64) -> Bucket {
        Bucket { n: 0, n_bad: 1, ..at(x, f64::NAN) }
    }

    fn one(buckets: Vec<Bucket>, view: View) -> Figure {
        figure(
            "train/loss",
            &[Rows {
                name: "a".to_string(),
                colour: 0,
                dash: 0,
                per_step: 1.0,
                bad: Bad::Nan,
                first_bad_step: Some(2),
                buckets,
            }],
            view,
        )
    }

    #[test]
    fn a_line_breaks_at_nan_and_the_place_is_marked() {
        let shown = one(vec![at(0.0, 3.0), at(1.0, 2.0), nan(2.0), at(3.0, 1.0)], View::default());
        assert_eq!(shown.series[0].lines, [vec![(0.0, 3.0), (1.0, 2.0)], vec![(3.0, 1.0)]]);
        assert_eq!(shown.series[0].bad, [(2.0, Bad::Nan)]);
        assert_eq!(shown.notes, ["NaN at step 2"]);
        assert!(shown.y.scale.high < 3.2, "a NaN must not stretch the axis: {:?}", shown.y.scale);
    }

    #[test]
    fn a_spike_stays_in_the_band_and_cannot_flatten_the_line() {
        let mut buckets: Vec<Bucket> =
            (0..500).map(|i| at(f64::from(i), 1.0 + f64::from(i % 10) / 10.0)).collect();
        buckets[250].max = 1e6;
        let shown = one(buckets, View::default());
        assert!(shown.series[0].bands[0].iter().any(|band| band.2 == 1e6));
        assert!(shown.y.scale.high < 2.5);
        assert_eq!(shown.notes, ["1 beyond the axis"]);
    }

    #[test]
    fn a_log_axis_leaves_out_what_has_no_logarithm_and_says_so() {
        let shown =
            one(vec![at(0.0, 1.0), at(1.0, 0.0), at(2.0, 10.0)], View { log: true, ..View::default() });
        assert!(shown.y.scale.log);
        assert_eq!(shown.series[0].lines.len(), 2);
        assert_eq!(shown.notes, ["1 at or below zero, not on a log axis"]);
        let negative = one(vec![at(0.0, -1.0)], View { log: true, ..View::default() });
        assert!(!negative.y.scale.log);
    }

    #[test]
    fn nothing_at_all_is_a_figure_too() {
        let empty = figure("loss", &[], View::default());
        assert!(empty.series.is_empty() && empty.y.scale.low < empty.y.scale.high);
        assert_eq!(one(vec![nan(0.0)], View { log: true, ..View::default() }).series[0].lines.len(), 0);
    }

    #[test]
    fn smoothing_is_told() {
        let shown = one(vec![at(0.0, 1.0), at(1.0, 2.0)], View { smooth: 200.0, ..View::default() });
        assert_eq!(shown.notes, ["smoothed, half-life 200 steps"]);
        assert_eq!(shown.series[0].last, Some(2.0));
    }
}
