//! One run becomes one curve.

use super::{Bad, Band, Form, Rows, Scale, Series, View, smooth, x::middle};

/// The curve of `rows`: smoothed, cut where a value is missing or has no place on the axis.
pub fn curve(rows: &Rows, form: Form, view: &View) -> Series {
    let smoothed = smooth(&rows.buckets, view.smooth * rows.per_step);
    let (mut lines, mut bands) = (vec![Vec::new()], vec![Vec::new()]);
    for (bucket, mean) in rows.buckets.iter().zip(smoothed) {
        let known = bucket.n > 0 && middle(bucket).is_finite();
        if known && form.holds(mean) && form.holds(bucket.max) {
            push(&mut lines, (middle(bucket), mean));
            // A band that reaches zero still shows its upper half on a logarithmic axis.
            let low = if form.holds(bucket.min) { bucket.min } else { mean };
            push(&mut bands, (middle(bucket), low, bucket.max));
        }
        if !known || bucket.n_bad > 0 || !form.holds(mean) {
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

/// Where values were not finite, and which they were where that was read.
fn bad(rows: &Rows) -> Vec<(f64, Bad)> {
    let told = |low: f64, high: f64| rows.bad.iter().any(|(x, _)| (low..=high).contains(x));
    let untold = rows.buckets.iter().filter(|b| b.n_bad > 0 && b.x0.is_finite() && !told(b.x0, b.x1));
    let mut bad: Vec<(f64, Bad)> = untold.map(|b| (b.x1, Bad::NotFinite)).collect();
    bad.extend(rows.bad.iter().filter(|(x, _)| x.is_finite()));
    bad.sort_by(|a, b| a.0.total_cmp(&b.0));
    bad
}

/// Leaves of `series` what is inside the frame, and one point to each side of it, to which lines lead.
pub fn visible(series: &mut Series, x: &Scale) {
    series.lines.iter_mut().for_each(|line| keep(line, x, |point| point.0));
    series.bands.iter_mut().for_each(|band| keep(band, x, |point| point.0));
    series.lines.retain(|line| !line.is_empty());
    series.bands.retain(|band| !band.is_empty());
    series.bad.retain(|(at, _)| (x.low..=x.high).contains(at));
}

fn keep<T>(piece: &mut Vec<T>, x: &Scale, at: impl Fn(&T) -> f64) {
    let first = piece.partition_point(|point| at(point) < x.low).saturating_sub(1);
    let after = (piece.partition_point(|point| at(point) <= x.high) + 1).min(piece.len());
    piece.truncate(after);
    piece.drain(..first.min(after));
}
