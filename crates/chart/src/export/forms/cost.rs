//! Quality against cost, with the Pareto front.

use anyhow::{Result, ensure};

use super::{
    super::{
        Size,
        font::width,
        frame::Frame,
        scene::{Anchor, GREY, INK, Point, Role, Scene},
        type_size::{PT, SLACK, TEXT, shortened, widest},
    },
    intervals::{Value, extent, vertical},
};
use crate::{
    figure::{Form, Scale, Unit, ticks},
    palette::PAPER,
};

/// The cost and quality of an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmCost {
    /// Its name.
    pub name: String,
    /// Its cost, above zero.
    pub cost: f64,
    /// Its quality.
    pub quality: Value,
}

/// Axis titles and units.
#[derive(Debug, Clone, Copy)]
pub struct Axes<'w> {
    /// Title of the cost axis.
    pub x: &'w str,
    /// Title of the quality axis.
    pub y: &'w str,
    /// Unit of the cost.
    pub unit: Unit,
    /// Whether higher quality values are better; none if unknown, which leaves out the Pareto front.
    pub up: Option<bool>,
}

/// Draws the arms as dots; the cost axis is logarithmic if costs span more than a decade.
///
/// # Errors
/// If no arm has a cost, or the size is invalid.
pub fn cost(arms: &[ArmCost], axes: Axes, size: Size) -> Result<Scene> {
    size.check()?;
    let arms: Vec<&ArmCost> =
        arms.iter().filter(|o| o.cost.is_finite() && o.cost > 0.0 && o.quality.is_finite()).collect();
    ensure!(!arms.is_empty(), "no arm has both the metric and a cost above zero to draw");
    let (low, high) = extent(arms.iter().map(|arm| arm.cost)).unwrap_or((0.0, 1.0));
    let x = match high / low > 10.0 {
        true => Scale::over(low, high, Form::Log).padded(0.06),
        false => Scale::over(0.0, high, Form::Linear).window(0.0, 1.06),
    };
    let (low, high) = extent(arms.iter().flat_map(|arm| arm.quality.ends())).unwrap_or((0.0, 1.0));
    let y = Scale::over(low, high, Form::Linear).padded(0.08);
    let Size { width_mm: wide, height_mm: tall, .. } = size;
    let rows = Frame::within(&y, ticks(&y, Unit::Number, (tall / 12.0) as usize));
    let left = widest(rows.iter().map(|tick| tick.label.as_str()))? + 2.5;
    let frame = Frame { left, right: wide - 4.0, top: 2.2 * TEXT, bottom: tall - 3.4 * TEXT, x, y };
    ensure!(frame.right - frame.left > 15.0 && frame.bottom - frame.top > 10.0, "the chart is too small");
    let mut scene = Scene::new(axes.y, wide, tall);
    scene.text((1.0, 0.9 * TEXT), &shortened(axes.y, wide - 2.0, TEXT)?, INK, Anchor::Left);
    frame.rows(&mut scene, &rows);
    let columns = Frame::within(&x, ticks(&x, axes.unit, (wide / 20.0) as usize));
    frame.columns(&mut scene, &columns, axes.x);
    if let Some(up) = axes.up {
        pareto_front(&mut scene, &frame, &arms, up);
    }
    for (at, arm) in arms.iter().enumerate() {
        vertical(&mut scene, &frame, arm.cost, arm.quality, PAPER[at % PAPER.len()]);
    }
    names(&mut scene, &frame, &arms)?;
    Ok(scene)
}

/// Draws the Pareto front as a step line.
fn pareto_front(scene: &mut Scene, frame: &Frame, arms: &[&ArmCost], up: bool) {
    let mut places: Vec<Point> = Vec::new();
    for arm in pareto_optimal(arms, up) {
        let place = frame.clamped(arm.cost, arm.quality.value);
        places.extend(places.last().map(|last| (place.0, last.1)));
        places.push(place);
    }
    places.extend(places.last().map(|last| (frame.right, last.1)));
    scene.line(Role::Band, places, GREY, PT * 0.6);
}

/// The arms that no other arm dominates, by cost. Of several at one cost, the best.
fn pareto_optimal<'o>(arms: &[&'o ArmCost], up: bool) -> Vec<&'o ArmCost> {
    let quality = |arm: &ArmCost| if up { arm.quality.value } else { -arm.quality.value };
    let mut sorted = arms.to_vec();
    sorted.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(quality(b).total_cmp(&quality(a))));
    let mut front: Vec<&ArmCost> = Vec::new();
    for arm in sorted {
        if front.last().is_none_or(|last| quality(arm) > quality(last)) {
            front.push(arm);
        }
    }
    front
}

/// Draws names beside the dots, each at the first free candidate position.
fn names(scene: &mut Scene, frame: &Frame, arms: &[&ArmCost]) -> Result<()> {
    let dots: Vec<Point> = arms.iter().map(|o| frame.clamped(o.cost, o.quality.value)).collect();
    let mut taken: Vec<[f64; 4]> = dots.iter().map(|(x, y)| [x - 1.0, y - 1.0, x + 1.0, y + 1.0]).collect();
    let half = 0.6 * TEXT;
    for (arm, (x, y)) in arms.iter().zip(&dots) {
        let wide = width(&arm.name, TEXT)? * SLACK;
        let spots = (1..=6).flat_map(|ring| {
            let far = 1.6 + f64::from(ring - 1) * 1.6;
            let (up, left) = (f64::from(ring) * 1.3 * half, -far - wide);
            // Directly beside the dot last: the Pareto front runs there.
            [(far, -up), (far, up), (left, -up), (left, up), (far, 0.0), (left, 0.0)]
        });
        let boxes = spots.map(|(dx, dy)| [x + dx, y + dy - half, x + dx + wide, y + dy + half]);
        let inside = |b: &[f64; 4]| {
            b[0] > frame.left && b[2] < scene.wide - 0.5 && b[1] > frame.top && b[3] < frame.bottom
        };
        let free =
            |b: &[f64; 4]| taken.iter().all(|t| b[0] >= t[2] || b[2] <= t[0] || b[1] >= t[3] || b[3] <= t[1]);
        let found = boxes.into_iter().find(|b| inside(b) && free(b));
        if let Some(found) = found {
            scene.text((found[0], (found[1] + found[3]) / 2.0), &arm.name, INK, Anchor::Left);
            taken.push(found);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_costs_only_the_best_is_on_the_front() {
        let arm = |name: &str, cost, value| ArmCost {
            name: name.to_string(),
            cost,
            quality: Value { value, interval: None },
        };
        let arms = [arm("a", 1.0, 3.0), arm("b", 1.0, 5.0), arm("c", 2.0, 4.0), arm("d", 3.0, 6.0)];
        let names = |up| {
            let front = pareto_optimal(&arms.iter().collect::<Vec<_>>(), up);
            front.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(names(true), ["b", "d"]);
        assert_eq!(names(false), ["a"]);
    }
}
