//! The curve of one run.

use super::{Band, Form, NonFinite, Rows, Scale, Series, View, smooth, x::middle};

/// The curve of `rows`: smoothed, cut where a value is missing or not representable on the axis.
pub fn curve(rows: &Rows, form: Form, view: &View) -> Series {
    let smoothed = smooth(&rows.buckets, view.smooth * rows.per_step);
    let (mut lines, mut bands) = (vec![Vec::new()], vec![Vec::new()]);
    for (bucket, mean) in rows.buckets.iter().zip(smoothed) {
        let present = bucket.n > 0 && middle(bucket).is_finite();
        if present && form.holds(mean) && form.holds(bucket.max) {
            push(&mut lines, (middle(bucket), mean));
            // On a log axis, a band that reaches zero keeps its upper half.
            let low = if form.holds(bucket.min) { bucket.min } else { mean };
            push(&mut bands, (middle(bucket), low, bucket.max));
        }
        if !present || bucket.n_bad > 0 || !form.holds(mean) {
            lines.push(Vec::new());
            bands.push(Vec::new());
        }
    }
    lines.retain(|line| !line.is_empty());
    bands.retain(|band| !band.is_empty());
    if view.band == Band::None {
        bands.clear();
    }
    let last = rows.buckets.iter().rev().find(|b| b.n > 0).map(|b| b.last);
    let name = rows.name.clone();
    let (colour, dash) = (rows.colour, rows.dash);
    Series { name, colour, dash, lines, bands, bad: bad(rows), last, ..Series::default() }
}

fn push<T>(pieces: &mut [Vec<T>], item: T) {
    if let Some(piece) = pieces.last_mut() {
        piece.push(item);
    }
}

/// Positions of non-finite values, classified where the points were read.
fn bad(rows: &Rows) -> Vec<(f64, NonFinite)> {
    let classified = |low: f64, high: f64| rows.bad.iter().any(|(x, _)| (low..=high).contains(x));
    let unclassified =
        rows.buckets.iter().filter(|b| b.n_bad > 0 && b.x0.is_finite() && !classified(b.x0, b.x1));
    let mut bad: Vec<(f64, NonFinite)> = unclassified.map(|b| (b.x1, NonFinite::Unclassified)).collect();
    bad.extend(rows.bad.iter().filter(|(x, _)| x.is_finite()));
    bad.sort_by(|a, b| a.0.total_cmp(&b.0));
    bad
}

/// Clips `series` to the frame, keeping one point on each side so that lines reach the edge.
pub fn visible(series: &mut Series, x: &Scale) {
    series.lines.iter_mut().for_each(|line| clip(line, x, |point| point.0));
    series.bands.iter_mut().for_each(|band| clip(band, x, |point| point.0));
    series.lines.retain(|line| !line.is_empty());
    series.bands.retain(|band| !band.is_empty());
    series.bad.retain(|(at, _)| (x.low..=x.high).contains(at));
}

fn clip<T>(piece: &mut Vec<T>, x: &Scale, at: impl Fn(&T) -> f64) {
    let first = piece.partition_point(|point| at(point) < x.low).saturating_sub(1);
    let after = (piece.partition_point(|point| at(point) <= x.high) + 1).min(piece.len());
    piece.truncate(after);
    piece.drain(..first.min(after));
}
