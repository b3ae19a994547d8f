//! Ranges of the axes.

use super::{Form, Rows, Scale, Series, View};

/// The vertical axis shows all values unless that makes it longer than this multiple of the central 98%.
const MAX_STRETCH: f64 = 3.0;

/// Resolves the form for these rows: linear if no value is positive, and a symlog threshold if none is given.
pub fn resolve_form(form: Form, rows: &[Rows]) -> Form {
    let mut buckets = rows.iter().flat_map(|r| &r.buckets).filter(|b| b.n > 0);
    match form {
        Form::Log if !buckets.any(|b| b.max > 0.0) => Form::Linear,
        Form::Symlog(threshold) if !(threshold > 0.0 && threshold.is_finite()) => {
            Form::Symlog(threshold_of(buckets.map(|b| b.mean.abs())))
        }
        form => form,
    }
}

/// A power of ten near the 5% quantile of the magnitudes, at most six decades below the largest.
fn threshold_of(sizes: impl Iterator<Item = f64>) -> f64 {
    let mut sizes: Vec<f64> = sizes.filter(|size| *size > 0.0 && size.is_finite()).collect();
    if sizes.is_empty() {
        return 1.0;
    }
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    let at = (sizes.len() - 1) / 20;
    let small = *sizes.select_nth_unstable_by(at, f64::total_cmp).1;
    10.0_f64.powf(small.max(largest * 1e-6).log10().floor()).max(1e-300)
}

/// The horizontal axis over `range`, or over all recorded values.
pub fn x_scale(rows: &[Rows], range: Option<(f64, f64)>) -> Scale {
    if let Some((low, high)) = range.filter(|(low, high)| low < high && low.is_finite() && high.is_finite()) {
        return Scale::over(low, high, Form::Linear);
    }
    let (low, high) = extent(rows.iter().flat_map(|r| &r.buckets).flat_map(|b| [b.x0, b.x1]));
    scale_from_zero(low, high)
}

/// The horizontal axis from `low` to `high`, extended to zero.
pub fn scale_from_zero(low: f64, high: f64) -> Scale {
    // Starts at zero unless the series starts late, such as a late evaluation.
    let low = if low >= 0.0 && low <= high * 0.5 { 0.0 } else { low };
    if low == high && low >= 0.0 {
        Scale::over(0.0, low.max(1.0), Form::Linear)
    } else {
        Scale::over(low, high, Form::Linear)
    }
}

/// The vertical axis over the visible part of `x`: every value, unless outliers (the extreme 1% on each side) would
/// flatten the rest; then they leave the frame. The ends of the curves always stay visible.
pub fn y_scale(series: &[Series], form: Form, view: &View, x: &Scale) -> Scale {
    let visible = |at: f64| (x.low..=x.high).contains(&at);
    let lines = series.iter().flat_map(|s| s.lines.iter().flatten()).filter(|p| visible(p.0)).map(|p| p.1);
    let bands = series.iter().flat_map(|s| s.bands.iter().flatten()).filter(|p| visible(p.0));
    let mut values: Vec<f64> = lines.chain(bands.flat_map(|p| [p.1, p.2])).collect();
    values.retain(|value| form.holds(*value));
    let all = extent(values.iter().copied());
    let (mut low, mut high) = trimmed(&mut values);
    for (_, y) in series.iter().filter_map(Series::end).filter(|end| visible(end.0)) {
        (low, high) = (low.min(y), high.max(y));
    }
    let length = |low: f64, high: f64| form.transform(high) - form.transform(low);
    let whole = view.full || length(all.0, all.1) <= MAX_STRETCH * length(low, high);
    let (low, high) = if whole { all } else { (low, high) };
    let scale = Scale::over(low, high, form).padded(0.04);
    view.window.map_or(scale, |(from, to)| scale.window(from, to))
}

/// The range without the lowest and the highest 1%.
fn trimmed(values: &mut [f64]) -> (f64, f64) {
    if values.is_empty() {
        return (f64::INFINITY, f64::NEG_INFINITY);
    }
    let last = (values.len() - 1) as f64;
    let mut at =
        |share: f64| *values.select_nth_unstable_by((last * share).round() as usize, f64::total_cmp).1;
    (at(0.01), at(0.99))
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|v| v.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}
