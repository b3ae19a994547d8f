//! Builds figures from rows of the store.

use super::{
    Figure, FigureAxis, Form, Group, Rows, Series, Unit, View,
    curve::{curve, visible},
    group, notes,
    range::{resolve_form, x_scale, y_scale},
    x,
};

/// The figure of `rows`, one curve each: lines split at missing values, bands, marks and axes.
pub fn figure(title: &str, rows: &[Rows], view: View) -> Figure {
    let form = resolve_form(view.y, rows);
    let series = rows.iter().map(|rows| curve(rows, form, &view)).collect();
    assemble(title, rows, series, form, view)
}

/// The figure of `rows` in `groups` (see [`super::gather`]), one curve per group: the mean of its runs with the band of
/// [`View::band`].
///
/// Runs are interpolated linearly between their points and never extrapolated. The curve is cut where the number of runs
/// changes, see [`Series::changes`].
pub fn grouped(title: &str, rows: &[Rows], groups: &[Group], view: View) -> Figure {
    let form = resolve_form(view.y, rows);
    let curves: Vec<Series> = rows.iter().map(|rows| curve(rows, form, &view)).collect();
    let mut series = Vec::new();
    for group in groups {
        let members: Vec<&Series> = group.members.iter().filter_map(|at| curves.get(*at)).collect();
        if view.seeds && members.len() > 1 {
            series.extend(members.iter().map(|member| group::thin(member, group)));
        }
        series.push(group::mean(&members, group, form, (view.band, view.limits)));
    }
    assemble(title, rows, series, form, view)
}

fn assemble(title: &str, rows: &[Rows], mut series: Vec<Series>, form: Form, view: View) -> Figure {
    let horizontal = x_scale(rows, view.range);
    if view.range.is_some() {
        series.iter_mut().for_each(|series| visible(series, &horizontal));
    }
    let scale = y_scale(&series, form, &view, &horizontal);
    let beyond = notes::beyond(&series, &horizontal, &scale);
    let draft = notes::Draft { rows, series: &series, view: &view, form, beyond, x: &horizontal };
    Figure {
        title: title.to_string(),
        notes: notes::notes(&draft),
        shaded: notes::shaded(&draft),
        x: FigureAxis { title: x::title(view.x).to_string(), scale: horizontal, unit: x::unit(view.x) },
        y: FigureAxis { title: title.to_string(), scale, unit: Unit::Number },
        series,
        beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::NonFinite, *};
    use clip_lab_store::Bucket;

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
                bad: vec![(2.0, NonFinite::Nan)],
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
        assert_eq!(shown.series[0].bad, [(2.0, NonFinite::Nan)]);
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
    fn a_log_axis_omits_and_notes_values_without_a_logarithm() {
        let shown =
            one(vec![at(0.0, 1.0), at(1.0, 0.0), at(2.0, 10.0)], View { y: Form::Log, ..View::default() });
        assert_eq!(shown.y.scale.form, Form::Log);
        assert_eq!(shown.series[0].lines.len(), 2);
        assert_eq!(shown.notes, ["1 at or below zero, not on a log axis"]);
        let negative = one(vec![at(0.0, -1.0)], View { y: Form::Log, ..View::default() });
        assert_eq!(negative.y.scale.form, Form::Linear);
    }

    #[test]
    fn an_empty_figure_is_valid() {
        let empty = figure("loss", &[], View::default());
        assert!(empty.series.is_empty() && empty.y.scale.low < empty.y.scale.high);
        assert_eq!(one(vec![nan(0.0)], View { y: Form::Log, ..View::default() }).series[0].lines.len(), 0);
    }

    #[test]
    fn smoothing_is_noted() {
        let shown = one(vec![at(0.0, 1.0), at(1.0, 2.0)], View { smooth: 200.0, ..View::default() });
        assert_eq!(shown.notes, ["smoothed, half-life 200 steps"]);
        assert_eq!(shown.series[0].last, Some(2.0));
    }
}
