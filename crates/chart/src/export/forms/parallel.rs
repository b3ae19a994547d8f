//! Parallel coordinates: a line per run over its settings, ending at the metric.

use anyhow::{Result, ensure};

use super::{
    super::{
        Size,
        scene::{Anchor, GREY, INK, Point, Role, Scene},
        type_size::{PT, SLACK, SMALL, TEXT, shortened, widest},
    },
    intervals::{extent, viridis},
};
use crate::figure::{Form, Scale, Unit, number, ticks};

/// A vertical axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinate {
    /// The setting, or the metric.
    pub title: String,
    /// The value of each run.
    pub values: Vec<String>,
}

/// Positions of the values of an axis, from 0 (bottom) to 1 (top), with labels.
struct Placed {
    places: Vec<Option<f64>>,
    labels: Vec<(f64, String)>,
}

/// Draws the runs over `settings` and the metric `goal`, coloured by the metric.
///
/// # Errors
/// If no settings differ, or there are too many for the width.
pub fn parallel(settings: &[Coordinate], goal: (&str, &[f64]), size: Size) -> Result<Scene> {
    size.check()?;
    ensure!(
        !settings.is_empty(),
        "these runs do not differ in any setting but the seed: there is nothing to draw"
    );
    let Size { width_mm: wide, height_mm: high, .. } = size;
    let axes = settings.len() + 1;
    let mut placed: Vec<Placed> = settings.iter().map(|axis| place(&axis.values)).collect();
    placed.push(numeric(goal.1));
    let first =
        widest(placed[0].labels.iter().map(|(_, label)| label.as_str()))? * SLACK * SMALL / TEXT + 3.0;
    let last = widest(placed[axes - 1].labels.iter().map(|(_, label)| label.as_str()))? * SLACK + 3.0;
    let (left, right) = (first.clamp(8.0, wide * 0.3), wide - last.max(8.0));
    let gap = (right - left) / (axes as f64 - 1.0);
    ensure!(gap >= 12.0, "{axes} axes do not fit into {wide} mm: make the chart wider");
    let (top, bottom) = (3.8 * TEXT, high - 1.2 * TEXT);
    let mut scene = Scene::new(goal.0, wide, high);
    let column = |axis: usize| left + gap * axis as f64;
    let (low, most) = extent(goal.1.iter().copied()).unwrap_or((0.0, 1.0));
    for run in 0..goal.1.len() {
        let share = if most > low { (goal.1[run] - low) / (most - low) } else { 0.5 };
        let line: Vec<Point> = placed
            .iter()
            .enumerate()
            .filter_map(|(axis, placed)| {
                Some((column(axis), bottom - placed.places.get(run).copied()?? * (bottom - top)))
            })
            .collect();
        if share.is_finite() && line.len() > 1 {
            scene.line(Role::Line, line, viridis(share), PT * 0.9);
        }
    }
    for (axis, placed) in placed.iter().enumerate() {
        let title = settings.get(axis).map_or(goal.0, |axis| axis.title.as_str());
        axis_line(&mut scene, (column(axis), top, bottom), axis, axes, title, placed, gap)?;
    }
    Ok(scene)
}

/// Draws an axis with its labels.
fn axis_line(
    scene: &mut Scene,
    (x, top, bottom): (f64, f64, f64),
    axis: usize,
    axes: usize,
    title: &str,
    placed: &Placed,
    gap: f64,
) -> Result<()> {
    scene.line(Role::Axis, vec![(x, top), (x, bottom)], GREY, 0.25);
    let (anchor, offset) = if axis == 0 { (Anchor::Right, -1.2) } else { (Anchor::Left, 1.2) };
    for (place, label) in &placed.labels {
        let y = bottom - place * (bottom - top);
        scene.line(Role::Axis, vec![(x - 0.5, y), (x + 0.5, y)], GREY, 0.25);
        scene.sized_text((x + offset, y), &shortened(label, gap * 0.8, SMALL)?, SMALL, GREY, anchor);
    }
    // Titles alternate between two lines, so that each has the width of two axes.
    let row = if axis.is_multiple_of(2) { 0.9 * TEXT } else { 2.3 * TEXT };
    let (anchor, at, room) = match axis {
        0 => (Anchor::Left, 1.0, 2.0 * gap - 2.0),
        _ if axis + 1 == axes => (Anchor::Right, scene.wide - 1.0, 2.0 * gap),
        _ => (Anchor::Middle, x, 1.8 * gap),
    };
    scene.text((at, row), &shortened(title, room.min(scene.wide - 2.0), TEXT)?, INK, anchor);
    Ok(())
}

/// Numbers at their values, on a log scale if they span more than two decades; text values in order of appearance.
fn place(values: &[String]) -> Placed {
    let numbers: Vec<f64> =
        values.iter().filter_map(|value| value.parse().ok()).filter(|v: &f64| v.is_finite()).collect();
    if numbers.len() == values.len() && !values.is_empty() {
        return numeric(&numbers);
    }
    let mut unique: Vec<&String> = Vec::new();
    for value in values {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    let at = |nth: usize| (nth as f64 + 0.5) / unique.len() as f64;
    let places = values.iter().map(|value| unique.iter().position(|text| *text == value).map(at)).collect();
    Placed {
        places,
        labels: unique.iter().enumerate().map(|(nth, text)| (at(nth), text.to_string())).collect(),
    }
}

fn numeric(values: &[f64]) -> Placed {
    let (low, high) = extent(values.iter().copied()).unwrap_or((0.0, 1.0));
    let form = if low > 0.0 && high / low > 100.0 { Form::Log } else { Form::Linear };
    let scale = Scale::over(low, high, form).padded(0.04);
    let mut distinct: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let labels = match distinct.len() {
        0..=3 => distinct.iter().map(|value| (scale.place(*value), number(*value))).collect(),
        _ => ticks(&scale, Unit::Number, 5)
            .into_iter()
            .map(|tick| (scale.place(tick.at), tick.label))
            .collect(),
    };
    let inside = |place: &f64| (-1e-6..=1.0 + 1e-6).contains(place);
    let labels = Vec::into_iter(labels).filter(|(place, _)| inside(place)).collect();
    Placed {
        places: values.iter().map(|value| value.is_finite().then(|| scale.place(*value))).collect(),
        labels,
    }
}
