//! The logit scale (inverse temperature) of each run, with a warning if it stays at its clamp.

use clip_lab_store::{Axis, Bucket};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{
    data::panels::Scale,
    paint::{line, paragraph, placeholder, run_style},
    plot,
    theme::Theme,
};
use clip_lab_chart::{
    figure::{Rows, View, figure, number},
    text::{pad, width},
};

/// A scale of at least this share of its clamp counts as clamped.
const CLAMPED: f64 = 0.999;

/// Draws a line per run, a warning for each that stays at its clamp, and the curves if there is room.
pub fn draw(all: &[Scale], front: Option<usize>, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let recorded: Vec<&Scale> = all.iter().filter(|scale| last(scale).is_some()).collect();
    if recorded.is_empty() {
        let message = "No run here has recorded a logit scale. Contrastive losses (clip, siglip, multi_positive) \
                     report train/logit_scale; cross entropy has none.";
        return placeholder(message, area, theme, buf);
    }
    let names =
        recorded.iter().map(|scale| width(&scale.name)).max().unwrap_or(0).min(usize::from(area.width) / 3);
    let mut left = area;
    for scale in &recorded {
        if left.height == 0 {
            return;
        }
        state(scale, names, left, theme, buf);
        left = below(left, 1);
        if let Some(text) = warning(scale) {
            let taken = paragraph(&text, theme.warning(), left, buf);
            left = below(left, taken);
        }
    }
    if left.height >= 6 {
        curves(&recorded, front, below(left, 1), theme, buf);
    }
}

fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

fn last(scale: &Scale) -> Option<f64> {
    scale.buckets.iter().rev().find(|bucket| bucket.n > 0).map(|bucket| bucket.last)
}

fn state(scale: &Scale, names: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let value = last(scale).unwrap_or(f64::NAN);
    let now = format!("  {} ", number(value));
    let temperature = format!(" 1/scale {}", number(1.0 / value));
    let clamp = match (scale.clamp, scale.learned) {
        (_, false) => "  fixed".to_string(),
        (Some(clamp), true) => format!("  clamp {}", number(clamp)),
        (None, true) => "  no clamp in its settings".to_string(),
    };
    let name = pad(&scale.name, names, false);
    let faint = theme.faint();
    let pieces = [
        (&*name, run_style(scale.colour, theme)),
        (&now, Style::new()),
        (&temperature, faint),
        (&clamp, faint),
    ];
    line(&pieces, (area.x, area.y), area, buf);
}

/// The step since which the scale is at its clamp, if that is at least 1/20 of the run.
fn pinned_since(scale: &Scale) -> Option<f64> {
    let clamp = scale.clamp.filter(|clamp| scale.learned && *clamp > 0.0)?;
    let at = |bucket: &&Bucket| bucket.n == 0 || bucket.min >= clamp * CLAMPED;
    let clamped: Vec<&Bucket> = scale.buckets.iter().rev().take_while(at).collect();
    let (first, last) = (clamped.iter().rev().find(|bucket| bucket.n > 0)?, clamped.first()?);
    let whole = last.x1 - scale.buckets.first()?.x0;
    (last.x1 > first.x0 && (last.x1 - first.x0) * 20.0 >= whole).then_some(first.x0)
}

fn warning(scale: &Scale) -> Option<String> {
    let (since, clamp) = (pinned_since(scale)?, scale.clamp?);
    Some(format!(
        "! {}: the logit scale is at its clamp of {} since step {}. Raise loss.max_scale, or check for \
         false negatives and for a learning rate that is too high.",
        scale.name,
        number(clamp),
        since.round()
    ))
}

/// Draws the scales over the steps, and the clamps as separate lines.
fn curves(all: &[&Scale], front: Option<usize>, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut all_rows: Vec<Rows> =
        all.iter().map(|scale| rows(&scale.name, scale.colour.unwrap_or(0), scale.buckets.clone())).collect();
    let clamps: Vec<f64> = all.iter().filter(|scale| scale.learned).filter_map(|scale| scale.clamp).collect();
    // A clamp far above the curves would flatten them; the text above names it.
    let is_close =
        |clamp: &f64| all.iter().filter_map(|scale| last(scale)).any(|value| value * 2.0 >= *clamp);
    let mut shown: Vec<f64> = clamps.into_iter().filter(is_close).collect();
    shown.sort_by(f64::total_cmp);
    shown.dedup();
    let steps = all.iter().flat_map(|scale| &scale.buckets).flat_map(|bucket| [bucket.x0, bucket.x1]);
    let (from, to) =
        steps.filter(|x| x.is_finite()).fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
    for clamp in shown {
        let at = |x: f64| Bucket {
            x0: x,
            x1: x,
            min: clamp,
            max: clamp,
            mean: clamp,
            first: clamp,
            last: clamp,
            n: 1,
            n_bad: 0,
        };
        all_rows.push(Rows { dash: 1, ..rows("clamp", 7, vec![at(from), at(to)]) });
    }
    let view = View { x: Axis::Step, ..View::default() };
    plot::draw(&figure("logit scale", &all_rows, view), area, front, theme, buf);
}

fn rows(name: &str, colour: usize, buckets: Vec<Bucket>) -> Rows {
    Rows {
        name: name.to_string(),
        colour,
        dash: 0,
        per_step: 1.0,
        bad: Vec::new(),
        first_bad_step: None,
        buckets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[f64], clamp: f64) -> Scale {
        let bucket = |(i, v): (usize, &f64)| {
            let x = i as f64 * 10.0;
            Bucket { x0: x, x1: x + 9.0, min: *v, max: *v, mean: *v, first: *v, last: *v, n: 1, n_bad: 0 }
        };
        let buckets = values.iter().enumerate().map(bucket).collect();
        Scale { name: "a".to_string(), clamp: Some(clamp), learned: true, buckets, ..Scale::default() }
    }

    #[test]
    fn a_scale_that_stays_at_its_clamp_is_reported() {
        let pinned = scale(&[20.0, 60.0, 100.0, 99.99, 100.0], 100.0);
        assert_eq!(pinned_since(&pinned), Some(20.0));
        assert!(warning(&pinned).is_some_and(|text| text.contains("since step 20")));
        assert_eq!(pinned_since(&Scale { learned: false, ..pinned }), None);
        assert_eq!(pinned_since(&scale(&[20.0, 100.0, 90.0], 100.0)), None);
        assert_eq!(pinned_since(&scale(&[], 100.0)), None);
    }
}
